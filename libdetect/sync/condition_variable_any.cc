#include "libdetect/sync/condition_variable_any.h"

#include "libdetect/base/schedule.h"

namespace detect {

[[gnu::noinline]] condition_variable_any::condition_variable_any(const char* name)
    : named_(name != nullptr) {
  if (named_) {
    recorder::ResourceCreated(this, ResourceKind::kCondition, name, DETECT_CALLER());
  }
}

[[gnu::noinline]] void condition_variable_any::notify_one() noexcept {
  BeforeOperation(OperationKind::kSignal, this, DETECT_CALLER_PC());
  if (waiters_.NotifyOne()) return;
  recorder::NotifiedNobody(recorder::CurrentThread(), this, DETECT_CALLER());
}

[[gnu::noinline]] void condition_variable_any::notify_all() noexcept {
  BeforeOperation(OperationKind::kSignal, this, DETECT_CALLER_PC());
  if (waiters_.NotifyAll()) return;
  recorder::NotifiedNobody(recorder::CurrentThread(), this, DETECT_CALLER());
}

[[gnu::noinline]] sync::Awoken condition_variable_any::Sleep(sync::WaitQueue::Place* place,
                                                             const sync::Deadline* deadline) {
  BeforeOperation(OperationKind::kWait, this, DETECT_CALLER_PC());
  recorder::ScopedWait wait(recorder::CurrentThread(),
                            {.resource = recorder::AddressOf(this),
                             .kind = ResourceKind::kCondition,
                             .has_deadline = deadline != nullptr},
                            DETECT_CALLER());
  return waiters_.Wait(place, {.deadline = deadline, .interruptible = true});
}

}  // namespace detect
