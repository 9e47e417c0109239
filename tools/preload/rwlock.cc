// pthread reader-writer locks. The order of events is that of libdetect/recorder/events.h.

#include <errno.h>
#include <pthread.h>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"
#include "tools/preload/in_process.h"
#include "tools/preload/native_mutex.h"
#include "tools/preload/real.h"

namespace detect::preload {
namespace {

using recorder::Caller;
using recorder::ThreadSlot;

// Of glibc's three kinds only this one lets a waiting writer go before a new reader.
RwPreference PreferenceOf(const pthread_rwlock_t* lock) {
  return lock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP
             ? RwPreference::kWriters
             : RwPreference::kReaders;
}

// Takes the lock by `wait_for_it`, which may block, and says so where it does. See mutex.cc.
template <typename Try, typename Lock>
int LockRecorded(pthread_rwlock_t* lock, AccessMode mode, bool has_deadline, Caller caller,
                 Try try_it, Lock wait_for_it) {
  ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return wait_for_it();
  BeforeOperation(OperationKind::kAcquire, lock, caller.pc);
  int result = try_it();
  if (result != 0) {
    int32_t writer = WriterOf(lock);
    // glibc refuses the writer's own second request at once.
    bool is_refused = result != EBUSY || writer == slot->tid.load(std::memory_order_relaxed);
    if (is_refused) {
      result = wait_for_it();
    } else {
      // A program of one thread has no monitor yet; if it blocks itself, it needs one.
      if (recorder::Holds(slot, lock)) StartInProcessMonitor();
      recorder::ScopedWait wait(slot,
                                {.resource = recorder::AddressOf(lock),
                                 .kind = ResourceKind::kRwLock,
                                 .mode = mode,
                                 .preference = PreferenceOf(lock),
                                 .has_deadline = has_deadline,
                                 .owner_tid = writer},
                                caller);
      result = wait_for_it();
    }
  }
  if (result == 0) recorder::AcquiredAgain(slot, lock, ResourceKind::kRwLock, mode, caller);
  return result;
}

template <typename Lock>
int ReadLock(pthread_rwlock_t* lock, bool has_deadline, Caller caller, Lock wait_for_it) {
  return LockRecorded(
      lock, AccessMode::kShared, has_deadline, caller,
      [lock] { return Real().rwlock_tryrdlock(lock); }, wait_for_it);
}

template <typename Lock>
int WriteLock(pthread_rwlock_t* lock, bool has_deadline, Caller caller, Lock wait_for_it) {
  return LockRecorded(
      lock, AccessMode::kExclusive, has_deadline, caller,
      [lock] { return Real().rwlock_trywrlock(lock); }, wait_for_it);
}

template <typename Try>
int TryRecorded(pthread_rwlock_t* lock, AccessMode mode, Caller caller, Try try_it) {
  ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return try_it(lock);
  BeforeOperation(OperationKind::kTry, lock, caller.pc);
  int result = try_it(lock);
  if (result == 0) recorder::AcquiredAgain(slot, lock, ResourceKind::kRwLock, mode, caller);
  return result;
}

// glibc looks at the clock and the deadline even when the lock is free.
bool IsValid(clockid_t clock, const timespec* deadline) {
  return (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC) && deadline->tv_nsec >= 0 &&
         deadline->tv_nsec < 1'000'000'000;
}

}  // namespace

extern "C" {

// Under names of our own, as in mutex.cc.
int RwLockRead(pthread_rwlock_t* lock) __asm__("pthread_rwlock_rdlock");
int RwLockTimedRead(pthread_rwlock_t* lock,
                    const timespec* deadline) __asm__("pthread_rwlock_timedrdlock");
int RwLockClockRead(pthread_rwlock_t* lock, clockid_t clock,
                    const timespec* deadline) __asm__("pthread_rwlock_clockrdlock");
int RwLockWrite(pthread_rwlock_t* lock) __asm__("pthread_rwlock_wrlock");
int RwLockTimedWrite(pthread_rwlock_t* lock,
                     const timespec* deadline) __asm__("pthread_rwlock_timedwrlock");
int RwLockClockWrite(pthread_rwlock_t* lock, clockid_t clock,
                     const timespec* deadline) __asm__("pthread_rwlock_clockwrlock");

int pthread_rwlock_init(pthread_rwlock_t* lock, const pthread_rwlockattr_t* attributes) {
  int result = Real().rwlock_init(lock, attributes);
  if (result == 0) {
    recorder::ResourceCreated(lock, ResourceKind::kRwLock, nullptr, DETECT_CALLER());
  }
  return result;
}

int pthread_rwlock_destroy(pthread_rwlock_t* lock) {
  recorder::ResourceDestroyed(lock);
  return Real().rwlock_destroy(lock);
}

int RwLockRead(pthread_rwlock_t* lock) {
  return ReadLock(lock, false, DETECT_CALLER(), [lock] { return Real().rwlock_rdlock(lock); });
}

int RwLockTimedRead(pthread_rwlock_t* lock, const timespec* deadline) {
  if (!IsValid(CLOCK_REALTIME, deadline)) return Real().rwlock_timedrdlock(lock, deadline);
  return ReadLock(lock, true, DETECT_CALLER(),
                  [=] { return Real().rwlock_timedrdlock(lock, deadline); });
}

int RwLockClockRead(pthread_rwlock_t* lock, clockid_t clock, const timespec* deadline) {
  if (!IsValid(clock, deadline)) return Real().rwlock_clockrdlock(lock, clock, deadline);
  return ReadLock(lock, true, DETECT_CALLER(),
                  [=] { return Real().rwlock_clockrdlock(lock, clock, deadline); });
}

int RwLockWrite(pthread_rwlock_t* lock) {
  return WriteLock(lock, false, DETECT_CALLER(), [lock] { return Real().rwlock_wrlock(lock); });
}

int RwLockTimedWrite(pthread_rwlock_t* lock, const timespec* deadline) {
  if (!IsValid(CLOCK_REALTIME, deadline)) return Real().rwlock_timedwrlock(lock, deadline);
  return WriteLock(lock, true, DETECT_CALLER(),
                   [=] { return Real().rwlock_timedwrlock(lock, deadline); });
}

int RwLockClockWrite(pthread_rwlock_t* lock, clockid_t clock, const timespec* deadline) {
  if (!IsValid(clock, deadline)) return Real().rwlock_clockwrlock(lock, clock, deadline);
  return WriteLock(lock, true, DETECT_CALLER(),
                   [=] { return Real().rwlock_clockwrlock(lock, clock, deadline); });
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) {
  return TryRecorded(lock, AccessMode::kShared, DETECT_CALLER(), Real().rwlock_tryrdlock);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) {
  return TryRecorded(lock, AccessMode::kExclusive, DETECT_CALLER(), Real().rwlock_trywrlock);
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) {
  ThreadSlot* slot = recorder::CurrentThread();
  if (slot != nullptr) BeforeOperation(OperationKind::kRelease, lock, DETECT_CALLER_PC());
  if (slot == nullptr || recorder::Released(slot, lock)) return Real().rwlock_unlock(lock);
  // Not taken by this thread. A writer can be told; which reader it stands for cannot.
  int32_t writer = WriterOf(lock);
  int result = Real().rwlock_unlock(lock);
  if (result == 0) recorder::ReleasedFor(writer, lock);
  return result;
}

}  // extern "C"

}  // namespace detect::preload
