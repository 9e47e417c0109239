// pthread conditions. A wait gives its mutex back and takes it again inside the C library, where
// the shim does not see it: so the hold is taken off before, and put back after, also when the
// thread is cancelled in the wait. Notifying needs no event: who may notify is not known anyway.

#include <pthread.h>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"
#include "tools/preload/real.h"

namespace detect::preload {
namespace {

using recorder::Caller;
using recorder::ThreadSlot;

class SuspendedHoldScope {
 public:
  SuspendedHoldScope(ThreadSlot* slot, pthread_mutex_t* mutex)
      : slot_(slot), mutex_(mutex), hold_(recorder::SuspendHold(slot, mutex)) {}
  ~SuspendedHoldScope() { recorder::ResumeHold(slot_, mutex_, hold_); }
  SuspendedHoldScope(const SuspendedHoldScope&) = delete;
  SuspendedHoldScope& operator=(const SuspendedHoldScope&) = delete;

 private:
  ThreadSlot* const slot_;
  pthread_mutex_t* const mutex_;
  const recorder::SuspendedHold hold_;
};

template <typename Wait>
int WaitRecorded(const void* condition, pthread_mutex_t* mutex, bool has_deadline, Caller caller,
                 Wait wait_for_it) {
  ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return wait_for_it();
  BeforeOperation(OperationKind::kWait, condition, caller.pc);
  SuspendedHoldScope suspended(slot, mutex);
  recorder::ScopedWait wait(slot,
                            {.resource = recorder::AddressOf(condition),
                             .kind = ResourceKind::kCondition,
                             .has_deadline = has_deadline,
                             .relock = recorder::AddressOf(mutex)},
                            caller);
  return wait_for_it();
}

}  // namespace

// The old version of a condition is a pointer to the new one, kept apart by the symbol's version.
// The names below are only local; exports.map and these lines give them their public ones.
__asm__(".symver detect_cond_wait, pthread_cond_wait@@GLIBC_2.3.2");
__asm__(".symver detect_cond_timedwait, pthread_cond_timedwait@@GLIBC_2.3.2");
__asm__(".symver detect_old_cond_wait, pthread_cond_wait@GLIBC_2.2.5");
__asm__(".symver detect_old_cond_timedwait, pthread_cond_timedwait@GLIBC_2.2.5");

extern "C" {

int detect_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return WaitRecorded(condition, mutex, false, DETECT_CALLER(),
                      [=] { return Real().cond_wait(condition, mutex); });
}

int detect_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                          const timespec* deadline) {
  return WaitRecorded(condition, mutex, true, DETECT_CALLER(),
                      [=] { return Real().cond_timedwait(condition, mutex, deadline); });
}

int detect_old_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return WaitRecorded(condition, mutex, false, DETECT_CALLER(),
                      [=] { return Real().old_cond_wait(condition, mutex); });
}

int detect_old_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                              const timespec* deadline) {
  return WaitRecorded(condition, mutex, true, DETECT_CALLER(),
                      [=] { return Real().old_cond_timedwait(condition, mutex, deadline); });
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* deadline) {
  return WaitRecorded(condition, mutex, true, DETECT_CALLER(),
                      [=] { return Real().cond_clockwait(condition, mutex, clock, deadline); });
}

}  // extern "C"

}  // namespace detect::preload
