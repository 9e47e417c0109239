#include "libdetect/sync/condition_variable.h"

#include <limits>

#include "libdetect/recorder/events.h"

namespace detect {
namespace {

// A count of this says only that there may be waiters, until all are notified.
constexpr uint32_t kUncounted = std::numeric_limits<uint32_t>::max();

}  // namespace

[[gnu::noinline]] condition_variable::condition_variable(const char* name)
    : named_(name != nullptr) {
  if (named_) {
    recorder::ResourceCreated(this, ResourceKind::kCondition, name, DETECT_CALLER());
  }
}

// A notification that must reach a waiter comes after it in the order of the mutex, and so finds it
// counted. A waiter looks at the sequence first and is counted then; who notifies counts down first
// and raises the sequence then. So a waiter that is counted down before it sleeps does not sleep.

void condition_variable::notify_one() noexcept {
  if (!RemoveWaiter()) return;
  sequence_.fetch_add(1, std::memory_order_release);  // with Wait
  sync::FutexWake(sequence_, 1);
}

void condition_variable::notify_all() noexcept {
  if (waiters_.load(std::memory_order_relaxed) == 0) return;
  waiters_.store(0, std::memory_order_relaxed);
  sequence_.fetch_add(1, std::memory_order_release);  // with Wait
  sync::FutexWake(sequence_, sync::kAllSleepers);
}

[[gnu::noinline]] void condition_variable::wait(std::unique_lock<mutex>& lock) {
  Wait(lock, nullptr, DETECT_CALLER());
}

[[gnu::noinline]] bool condition_variable::WaitUntil(std::unique_lock<mutex>& lock,
                                                     const sync::Deadline& deadline) {
  return Wait(lock, &deadline, DETECT_CALLER());
}

bool condition_variable::Wait(std::unique_lock<mutex>& lock, const sync::Deadline* deadline,
                              recorder::Caller caller) {
  mutex& released = *lock.mutex();
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  const recorder::SuspendedHold hold = recorder::SuspendHold(slot, &released);
  sync::Awoken why;
  {
    recorder::ScopedWait wait(slot,
                              {.resource = recorder::AddressOf(this),
                               .kind = ResourceKind::kCondition,
                               .has_deadline = deadline != nullptr,
                               .relock = recorder::AddressOf(&released)},
                              caller);
    const uint32_t seen = sequence_.load(std::memory_order_acquire);  // with notify
    AddWaiter();
    released.lock_.Release();
    why = sync::BlockOn(sequence_, seen, {.deadline = deadline});
    released.lock_.Reacquire(slot);
  }
  recorder::ResumeHold(slot, &released, hold);
  return why != sync::Awoken::kTimedOut;
}

void condition_variable::AddWaiter() {
  uint32_t waiters = waiters_.load(std::memory_order_relaxed);
  while (waiters != kUncounted &&
         !waiters_.compare_exchange_weak(waiters, waiters + 1, std::memory_order_relaxed)) {
  }
}

// Returns false when there was none.
bool condition_variable::RemoveWaiter() {
  uint32_t waiters = waiters_.load(std::memory_order_relaxed);
  while (waiters != 0 && waiters != kUncounted &&
         !waiters_.compare_exchange_weak(waiters, waiters - 1, std::memory_order_relaxed)) {
  }
  return waiters != 0;
}

}  // namespace detect
