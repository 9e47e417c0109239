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
#include "libdetect/sync/rw_lock.h"

#include <cstddef>

namespace detect::sync {

RwLock::RwLock(const char* name, RwPreference preference, recorder::Caller caller)
    : preference_(preference), named_(name != nullptr) {
  if (named_) recorder::ResourceCreated(this, ResourceKind::kRwLock, name, caller);
}

// Returns the bit of the class to be woken first, of those set in `state`; 0 when none is.
uint32_t RwLock::FirstToWake(uint32_t state, RwPreference preference) {
  const uint32_t preferred = preference == RwPreference::kWriters ? kWritersSleep : kReadersSleep;
  return (state & preferred) != 0 ? preferred : state & kSleeping;
}

// Wakes one writer or all readers; returns whether any slept. Uses the lock's address alone.
bool RwLock::WakeClass(uint32_t bit) {
  return FutexWake(state_, bit == kWritersSleep ? 1 : kAllSleepers, bit) > 0;
}

void RwLock::LockCold(AccessMode mode, recorder::Caller caller) {
  BeforeOperation(OperationKind::kAcquire, this, caller.pc);
  LockSlow(mode, recorder::CurrentThread(), caller);
}

void RwLock::LockSlow(AccessMode mode, recorder::ThreadSlot* slot, recorder::Caller caller) {
  if (!TryEnter(mode, TidOf(slot)) && Enter(mode, slot, nullptr, caller) == Awoken::kVictim) {
    ThrowVictim();
  }
  RecordAcquired(mode, slot, caller);
}

bool RwLock::TryLockUntil(AccessMode mode, const Deadline& deadline, recorder::Caller caller) {
  BeforeOperation(OperationKind::kAcquire, this, caller.pc);
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (!TryEnter(mode, TidOf(slot)) && Enter(mode, slot, &deadline, caller) != Awoken::kLookAgain) {
    return false;
  }
  RecordAcquired(mode, slot, caller);
  return true;
}

void RwLock::RecordAcquired(AccessMode mode, recorder::ThreadSlot* slot, recorder::Caller caller) {
  if (slot != nullptr) recorder::Acquired(slot, this, ResourceKind::kRwLock, mode, caller);
}

Awoken RwLock::Enter(AccessMode mode, recorder::ThreadSlot* slot, const Deadline* deadline,
                     recorder::Caller caller) {
  recorder::ScopedWait wait(slot,
                            {.resource = recorder::AddressOf(this),
                             .kind = ResourceKind::kRwLock,
                             .mode = mode,
                             .preference = preference_,
                             .has_deadline = deadline != nullptr,
                             .owner_tid = owner_.load(std::memory_order_relaxed),
                             .owner_offset = offsetof(RwLock, owner_)},
                            caller);
  const uint32_t sleep_bit = SleepBitOf(mode);
  const BlockOptions options = {.deadline = deadline,
                                .bits = sleep_bit,
                                // A cycle with a deadline in it ends by itself.
                                .victim = deadline == nullptr ? slot : nullptr};
  uint32_t others = 0;  // the bit that others may need and the caller's waker has cleared
  uint32_t state = state_.load(std::memory_order_relaxed);
  for (;;) {
    if (MayEnter(state, mode)) {
      const uint32_t entered = (state + UnitOf(mode)) | others;
      if (!state_.compare_exchange_weak(state, entered, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
        continue;
      }
      if (mode == AccessMode::kExclusive) owner_.store(TidOf(slot), std::memory_order_relaxed);
      return Awoken::kLookAgain;
    }
    if ((state & sleep_bit) == 0 &&
        !state_.compare_exchange_weak(state, state | sleep_bit, std::memory_order_relaxed)) {
      continue;
    }
    const Awoken why = BlockOn(state_, state | sleep_bit, options);
    if (why != Awoken::kLookAgain) {
      GiveUp();
      return why;
    }
    others = sleep_bit & kWritersSleep;
    state = state_.load(std::memory_order_relaxed);
  }
}

void RwLock::RecordReleased() {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot != nullptr) recorder::Released(slot, this);
}

void RwLock::Leave(AccessMode mode) {
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
  if (!WakeClass(first) && second != 0) WakeClass(second);
}

void RwLock::GiveUp() {
  state_.fetch_and(~kSleeping, std::memory_order_relaxed);
  FutexWake(state_, kAllSleepers);
}

}  // namespace detect::sync
