#include "libdetect/sync/condition_variable.h"

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"

namespace detect {

[[gnu::noinline]] condition_variable::condition_variable(const char* name)
    : named_(name != nullptr) {
  if (named_) {
    recorder::ResourceCreated(this, ResourceKind::kCondition, name, DETECT_CALLER());
  }
}

[[gnu::noinline]] void condition_variable::notify_one() noexcept {
  BeforeOperation(OperationKind::kSignal, this, DETECT_CALLER_PC());
  if (waiters_.NotifyOne()) return;
  recorder::NotifiedNobody(recorder::CurrentThread(), this, DETECT_CALLER());
}

[[gnu::noinline]] void condition_variable::notify_all() noexcept {
  BeforeOperation(OperationKind::kSignal, this, DETECT_CALLER_PC());
  if (waiters_.NotifyAll()) return;
  recorder::NotifiedNobody(recorder::CurrentThread(), this, DETECT_CALLER());
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
  BeforeOperation(OperationKind::kWait, this, caller.pc);
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
    sync::WaitQueue::Place place;
    waiters_.Join(&place);
    released.lock_.Release();
    why = waiters_.Wait(&place, {.deadline = deadline, .interruptible = true});
    BeforeOperation(OperationKind::kRetake, &released, caller.pc);
    released.lock_.Reacquire(slot);
  }
  recorder::ResumeHold(slot, &released, hold);
  if (why == sync::Awoken::kInterrupted) sync::ThrowInterrupted();
  return why == sync::Awoken::kLookAgain;
}

}  // namespace detect
