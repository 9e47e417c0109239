// Permits and sleepers stand in one word, so that a release changes both at once and touches the
// semaphore no more. The sleepers' bit is kept such that
//   (1) it is set only while there is no permit;
//   (2) while a thread sleeps, it is set, or a woken thread is on its way.
// A release clears the bit and wakes as many as it has permits for. A woken thread cannot know
// whether others sleep, or whether another release found the bit cleared: it hands on, by waking
// one more where permits are left, else by setting the bit again. Whoever gives up has everybody
// look again.
#include "libdetect/sync/semaphore.h"

#include "libdetect/base/schedule.h"

namespace detect::sync {

[[gnu::noinline]] Semaphore::Semaphore(ptrdiff_t permits, const char* name, ReleasedBy givers)
    : state_(static_cast<uint64_t>(permits) * kPermit),
      initial_(static_cast<uint32_t>(permits)),
      givers_(givers),
      named_(name != nullptr) {
  if (named_) recorder::ResourceCreated(this, ResourceKind::kSemaphore, name, DETECT_CALLER());
}

Semaphore::~Semaphore() {
  // With all permits back, or none to begin with, nobody is recorded as holding one.
  const uint64_t permits = state_.load(std::memory_order_relaxed) / kPermit;
  if (initial_ != 0 && (permits != initial_ || is_signal_.load(std::memory_order_relaxed))) {
    recorder::Disbanded(this);
  }
  if (named_) recorder::ResourceDestroyed(this);
}

[[gnu::noinline]] void Semaphore::acquire() {
  const recorder::Caller caller = DETECT_CALLER();
  BeforeOperation(OperationKind::kAcquire, this, caller.pc);
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (!TryTake() && Take(slot, nullptr, caller) == Awoken::kInterrupted) ThrowInterrupted();
  RecordTaken(slot, caller);
}

[[gnu::noinline]] bool Semaphore::TryAcquireRecorded() noexcept {
  BeforeOperation(OperationKind::kTry, this, DETECT_CALLER_PC());
  if (!TryTake()) return false;
  RecordTaken(recorder::CurrentThread(), DETECT_CALLER());
  return true;
}

[[gnu::noinline]] bool Semaphore::TryAcquireUntil(const Deadline& deadline) {
  const recorder::Caller caller = DETECT_CALLER();
  BeforeOperation(OperationKind::kAcquire, this, caller.pc);
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  const Awoken why = TryTake() ? Awoken::kLookAgain : Take(slot, &deadline, caller);
  if (why == Awoken::kInterrupted) ThrowInterrupted();
  if (why == Awoken::kTimedOut) return false;
  RecordTaken(slot, caller);
  return true;
}

[[gnu::noinline]] void Semaphore::ReleaseRecorded(ptrdiff_t count) {
  BeforeOperation(OperationKind::kRelease, this, DETECT_CALLER_PC());
  RecordGiven(count);
  Give(count);
}

// Blocks until the caller has a permit, and returns kLookAgain; or else why it gave up.
Awoken Semaphore::Take(recorder::ThreadSlot* slot, const Deadline* deadline,
                       recorder::Caller caller) {
  recorder::ScopedWait wait(slot,
                            {.resource = recorder::AddressOf(this),
                             .kind = ResourceKind::kSemaphore,
                             .mode = AccessMode::kMember,
                             .has_deadline = deadline != nullptr,
                             .permits = OwnedPermits()},
                            caller);
  bool was_woken = false;
  uint64_t state = state_.load(std::memory_order_relaxed);
  for (;;) {
    if (state >= kPermit) {
      const uint64_t left = state - kPermit;
      const bool hands_on = was_woken && left >= kPermit;
      const uint64_t others = was_woken && !hands_on ? kSleepers : 0;
      if (!state_.compare_exchange_weak(state, left | others, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
        continue;
      }
      if (hands_on) FutexWake(word_, 1);
      return Awoken::kLookAgain;
    }
    if ((state & kSleepers) == 0 &&
        !state_.compare_exchange_weak(state, state | kSleepers, std::memory_order_relaxed)) {
      continue;
    }
    const Awoken why = BlockOn(word_, static_cast<uint32_t>(state | kSleepers),
                               {.deadline = deadline, .interruptible = true});
    if (why == Awoken::kInterrupted) {
      state_.fetch_and(~kSleepers, std::memory_order_relaxed);
      FutexWake(word_, kAllSleepers);
    }
    if (why != Awoken::kLookAgain) return why;
    was_woken = true;
    state = state_.load(std::memory_order_relaxed);
  }
}

inline void Semaphore::RecordTaken(recorder::ThreadSlot* slot, recorder::Caller caller) {
  if (slot == nullptr || is_signal_.load(std::memory_order_relaxed)) return;
  const bool holds_nothing = slot->depth.load(std::memory_order_relaxed) == 0;
  if (holds_nothing && recorder::AcquiredFast(slot, this, ResourceKind::kSemaphore,
                                              AccessMode::kMember, recorder::SiteOf(caller))) {
    return;
  }
  recorder::AcquiredAgain(slot, this, ResourceKind::kSemaphore, AccessMode::kMember, caller);
}

inline void Semaphore::RecordGiven(ptrdiff_t count) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr || is_signal_.load(std::memory_order_relaxed)) return;
  if (count == 1 && recorder::ReleasedFast(slot, this)) return;
  for (; count > 0; --count) {
    if (!recorder::Released(slot, this)) return is_signal_.store(true, std::memory_order_relaxed);
  }
}

uint32_t Semaphore::OwnedPermits() const {
  const bool is_owned =
      givers_ == ReleasedBy::kTakers && !is_signal_.load(std::memory_order_relaxed);
  return is_owned ? initial_ : 0;
}

}  // namespace detect::sync
