// Readers and writers sleep on the same word, the state itself, and are woken apart by futex bits.
// So whoever leaves changes the state once and touches the lock no more: a thread that comes in
// then may be its last user, and destroy it.
//
// The two sleeping bits are kept such that
//   (1) while a thread of a class sleeps, its bit is set, or a thread that sets it again is on its
//       way: a woken writer;
//   (2) whoever leaves the lock empty wakes all readers or one writer, if any sleep.
// A woken reader need not set its bit again, for all readers were woken with it. A bit may be set
// while nobody sleeps: that costs a system call, and no reader waits for a writer that gave up,
// since GiveUp clears both bits and has everybody look again.
#include "libdetect/sync/shared_mutex.h"

#include <cstddef>

namespace detect {
namespace {

constexpr uint32_t kReader = 1;
constexpr uint32_t kWriter = 1u << 21;
constexpr uint32_t kReadersSleep = 1u << 22;
constexpr uint32_t kWritersSleep = 1u << 23;
constexpr uint32_t kInside = 2 * kWriter - 1;  // all readers, and the writer
constexpr uint32_t kSleeping = kReadersSleep | kWritersSleep;
static_assert(2 * kWritersSleep == sync::kPoke);

constexpr uint32_t UnitOf(AccessMode mode) {
  return mode == AccessMode::kShared ? kReader : kWriter;
}

constexpr uint32_t SleepBitOf(AccessMode mode) {
  return mode == AccessMode::kShared ? kReadersSleep : kWritersSleep;
}

// Returns the bit of the class to be woken first, of those set in `state`; 0 when none is.
constexpr uint32_t FirstToWake(uint32_t state, RwPreference preference) {
  const uint32_t preferred = preference == RwPreference::kWriters ? kWritersSleep : kReadersSleep;
  return (state & preferred) != 0 ? preferred : state & kSleeping;
}

// Wakes one writer or all readers; returns whether any slept.
bool WakeClass(const sync::FutexWord& word, uint32_t bit) {
  return sync::FutexWake(word, bit == kWritersSleep ? 1 : sync::kAllSleepers, bit) > 0;
}

}  // namespace

[[gnu::noinline]] shared_mutex::shared_mutex(const char* name, RwPreference preference)
    : preference_(preference), named_(name != nullptr) {
  if (named_) recorder::ResourceCreated(this, ResourceKind::kRwLock, name, DETECT_CALLER());
}

[[gnu::noinline]] void shared_mutex::lock() { Lock(AccessMode::kExclusive, DETECT_CALLER()); }

[[gnu::noinline]] void shared_mutex::lock_shared() { Lock(AccessMode::kShared, DETECT_CALLER()); }

[[gnu::noinline]] bool shared_mutex::try_lock() {
  return TryLock(AccessMode::kExclusive, DETECT_CALLER());
}

[[gnu::noinline]] bool shared_mutex::try_lock_shared() {
  return TryLock(AccessMode::kShared, DETECT_CALLER());
}

void shared_mutex::unlock() { Unlock(AccessMode::kExclusive); }

void shared_mutex::unlock_shared() { Unlock(AccessMode::kShared); }

inline bool shared_mutex::MayEnter(uint32_t state, AccessMode mode) const {
  if (mode == AccessMode::kExclusive) return (state & kInside) == 0;
  const bool behind_writers = preference_ == RwPreference::kWriters && (state & kWritersSleep) != 0;
  return (state & kWriter) == 0 && !behind_writers;
}

inline bool shared_mutex::TryEnter(AccessMode mode, int32_t tid) {
  // Empty is the best guess; to look first would cost nearly as much as the attempt.
  uint32_t state = 0;
  while (!state_.compare_exchange_strong(state, state + UnitOf(mode), std::memory_order_acquire,
                                         std::memory_order_relaxed)) {
    if (!MayEnter(state, mode)) return false;
  }
  if (mode == AccessMode::kExclusive) owner_.store(tid, std::memory_order_relaxed);
  return true;
}

[[gnu::always_inline]] inline void shared_mutex::Lock(AccessMode mode, recorder::Caller caller) {
  if (!recorder::IsRecording()) [[unlikely]]
    return LockCold(mode, caller);
  recorder::ThreadSlot* slot = recorder::t_state.slot;
  const uint32_t site = recorder::CachedSiteOf(caller);
  if (!TryEnter(mode, sync::TidOf(slot))) [[unlikely]]
    return LockSlow(mode, slot, caller);
  if (!recorder::AcquiredFast(slot, this, ResourceKind::kRwLock, mode, site)) [[unlikely]]
    return RecordAcquired(mode, slot, caller);
}

void shared_mutex::LockCold(AccessMode mode, recorder::Caller caller) {
  LockSlow(mode, recorder::CurrentThread(), caller);
}

void shared_mutex::LockSlow(AccessMode mode, recorder::ThreadSlot* slot, recorder::Caller caller) {
  if (!TryEnter(mode, sync::TidOf(slot)) && Enter(mode, slot, caller) == sync::Awoken::kVictim) {
    sync::ThrowVictim();
  }
  RecordAcquired(mode, slot, caller);
}

bool shared_mutex::TryLock(AccessMode mode, recorder::Caller caller) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (!TryEnter(mode, sync::TidOf(slot))) return false;
  RecordAcquired(mode, slot, caller);
  return true;
}

void shared_mutex::RecordAcquired(AccessMode mode, recorder::ThreadSlot* slot,
                                  recorder::Caller caller) {
  if (slot != nullptr) recorder::Acquired(slot, this, ResourceKind::kRwLock, mode, caller);
}

sync::Awoken shared_mutex::Enter(AccessMode mode, recorder::ThreadSlot* slot,
                                 recorder::Caller caller) {
  recorder::ScopedWait wait(slot,
                            {.resource = recorder::AddressOf(this),
                             .kind = ResourceKind::kRwLock,
                             .mode = mode,
                             .preference = preference_,
                             .owner_tid = owner_.load(std::memory_order_relaxed),
                             .owner_offset = offsetof(shared_mutex, owner_)},
                            caller);
  const uint32_t sleep_bit = SleepBitOf(mode);
  uint32_t others = 0;  // the bit that others may need and the caller's waker has cleared
  uint32_t state = state_.load(std::memory_order_relaxed);
  for (;;) {
    if (MayEnter(state, mode)) {
      const uint32_t entered = (state + UnitOf(mode)) | others;
      if (!state_.compare_exchange_weak(state, entered, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
        continue;
      }
      if (mode == AccessMode::kExclusive)
        owner_.store(sync::TidOf(slot), std::memory_order_relaxed);
      return sync::Awoken::kLookAgain;
    }
    if ((state & sleep_bit) == 0 &&
        !state_.compare_exchange_weak(state, state | sleep_bit, std::memory_order_relaxed)) {
      continue;
    }
    const sync::Awoken why =
        sync::BlockOn(state_, state | sleep_bit, {.bits = sleep_bit, .victim = slot});
    if (why != sync::Awoken::kLookAgain) {
      GiveUp();
      return why;
    }
    others = sleep_bit & kWritersSleep;
    state = state_.load(std::memory_order_relaxed);
  }
}

[[gnu::always_inline]] inline void shared_mutex::Unlock(AccessMode mode) {
  if (!recorder::IsRecording() || !recorder::ReleasedFast(recorder::t_state.slot, this))
      [[unlikely]] {
    RecordReleased();
  }
  if (mode == AccessMode::kExclusive) owner_.store(0, std::memory_order_relaxed);
  uint32_t alone = UnitOf(mode);
  if (!state_.compare_exchange_strong(alone, 0, std::memory_order_release,
                                      std::memory_order_relaxed)) [[unlikely]] {
    Leave(mode);
  }
}

void shared_mutex::RecordReleased() {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot != nullptr) recorder::Released(slot, this);
}

void shared_mutex::Leave(AccessMode mode) {
  const RwPreference preference = preference_;
  uint32_t state = state_.load(std::memory_order_relaxed);
  uint32_t first, left;
  do {
    left = state - UnitOf(mode);
    first = (left & kInside) == 0 ? FirstToWake(state, preference) : 0;
  } while (!state_.compare_exchange_weak(state, left & ~first, std::memory_order_release,
                                         std::memory_order_relaxed));
  if (first == 0) return;
  // Only the word's address from here on.
  const uint32_t second = state & kSleeping & ~first;
  if (!WakeClass(state_, first) && second != 0) WakeClass(state_, second);
}

void shared_mutex::GiveUp() {
  state_.fetch_and(~kSleeping, std::memory_order_relaxed);
  sync::FutexWake(state_, sync::kAllSleepers);
}

}  // namespace detect
