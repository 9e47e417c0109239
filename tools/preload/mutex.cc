// pthread mutexes. The order of events is that of libdetect/recorder/events.h.

#include <errno.h>
#include <pthread.h>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"
#include "libdetect/stack/capture.h"
#include "tools/preload/in_process.h"
#include "tools/preload/native_mutex.h"
#include "tools/preload/real.h"

namespace detect::preload {
namespace {

using recorder::Caller;
using recorder::ThreadSlot;

int32_t TidOf(const ThreadSlot* slot) { return slot->tid.load(std::memory_order_relaxed); }

// A robust mutex whose owner died is handed to the caller all the same.
bool IsTaken(int result) { return result == 0 || result == EOWNERDEAD; }

void RecordTaken(ThreadSlot* slot, pthread_mutex_t* mutex, Caller caller) {
  if (BasicKind(mutex) == PTHREAD_MUTEX_RECURSIVE_NP) {
    recorder::AcquiredAgain(slot, mutex, ResourceKind::kMutex, AccessMode::kExclusive, caller);
  } else {
    recorder::Acquired(slot, mutex, ResourceKind::kMutex, AccessMode::kExclusive, caller);
  }
}

// Whether a try leaves no traces where it fails. glibc's try takes a robust mutex that cannot be
// recovered and forgets to give it back; and a thread's first use of a priority ceiling may be
// refused and the second not.
bool CanTryFirst(const pthread_mutex_t* mutex) {
  constexpr int kRobust = 16;
  constexpr int kPriorityProtect = 64;
  return (mutex->__data.__kind & (kRobust | kPriorityProtect)) == 0;
}

// Whether a mutex answers its owner's second request at once.
bool AnswersOwner(const pthread_mutex_t* mutex) {
  int kind = BasicKind(mutex);
  return kind == PTHREAD_MUTEX_ERRORCHECK_NP || kind == PTHREAD_MUTEX_RECURSIVE_NP;
}

// Takes `mutex` by `lock`, which may block, and says so where it does. Where that does no harm it
// is found busy by a try first: a wait that is recorded but never begins is one more look at the
// kernel for whoever scans.
template <typename Lock>
int LockRecorded(ThreadSlot* slot, pthread_mutex_t* mutex, bool has_deadline, Caller caller,
                 Lock lock) {
  int result = CanTryFirst(mutex) ? g_real.mutex_trylock(mutex) : EBUSY;
  if (!IsTaken(result)) {
    int32_t owner = OwnerOf(mutex);
    if (result != EBUSY || (owner == TidOf(slot) && AnswersOwner(mutex))) {
      result = lock();
    } else {
      // A program of one thread has no monitor yet; if it blocks itself, it needs one.
      if (owner == TidOf(slot)) StartInProcessMonitor();
      recorder::ScopedWait wait(slot,
                                {.resource = recorder::AddressOf(mutex),
                                 .kind = ResourceKind::kMutex,
                                 .has_deadline = has_deadline,
                                 .owner_tid = owner,
                                 .owner_offset = kMutexOwnerOffset},
                                caller);
      result = lock();
    }
  }
  if (IsTaken(result)) RecordTaken(slot, mutex, caller);
  return result;
}

// At a call site that is new or was not the last one, with a mutex that is busy or not plain, and
// where there is no room for one more hold.
[[gnu::noinline]] int LockSlow(ThreadSlot* slot, pthread_mutex_t* mutex, Caller caller) {
  if (IsUnwinderCode(caller.pc)) {
    recorder::SetUnwinder(nullptr);
    return g_real.mutex_lock(mutex);
  }
  if (FastLock(mutex, TidOf(slot))) {
    recorder::Acquired(slot, mutex, ResourceKind::kMutex, AccessMode::kExclusive, caller);
    return 0;
  }
  return LockRecorded(slot, mutex, false, caller, [mutex] { return g_real.mutex_lock(mutex); });
}

// The thread's first lock, or one that is scheduled, or not recorded.
[[gnu::noinline]] int LockCold(pthread_mutex_t* mutex, Caller caller) {
  ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return Real().mutex_lock(mutex);
  BeforeOperation(OperationKind::kAcquire, mutex, caller.pc);
  return LockSlow(slot, mutex, caller);
}

// The caller does not hold the mutex, as far as is known. For the plain kinds glibc lets it go on,
// so whoever did hold it does no longer.
int UnlockOfAnother(pthread_mutex_t* mutex, int32_t own_tid) {
  int32_t owner = OwnerOf(mutex);
  int result = Real().mutex_unlock(mutex);
  if (result == 0 && owner != own_tid) recorder::ReleasedFor(owner, mutex);
  return result;
}

[[gnu::noinline]] int UnlockSlow(ThreadSlot* slot, pthread_mutex_t* mutex) {
  if (!recorder::Released(slot, mutex)) return UnlockOfAnother(mutex, TidOf(slot));
  return g_real.mutex_unlock(mutex);
}

[[gnu::noinline]] int UnlockCold(pthread_mutex_t* mutex, uint64_t pc) {
  ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return Real().mutex_unlock(mutex);
  BeforeOperation(OperationKind::kRelease, mutex, pc);
  return UnlockSlow(slot, mutex);
}

}  // namespace

extern "C" {

// pthread.h declares these as never throwing, and a compiler may end the program where a
// cancellation unwinds through such a function. Hence names of our own.
int MutexLock(pthread_mutex_t* mutex) __asm__("pthread_mutex_lock");
int MutexTimedLock(pthread_mutex_t* mutex,
                   const timespec* deadline) __asm__("pthread_mutex_timedlock");
int MutexClockLock(pthread_mutex_t* mutex, clockid_t clock,
                   const timespec* deadline) __asm__("pthread_mutex_clocklock");

int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) {
  int result = Real().mutex_init(mutex, attributes);
  if (result == 0) {
    recorder::ResourceCreated(mutex, ResourceKind::kMutex, nullptr, DETECT_CALLER());
  }
  return result;
}

int pthread_mutex_destroy(pthread_mutex_t* mutex) {
  recorder::ResourceDestroyed(mutex);
  return Real().mutex_destroy(mutex);
}

int MutexLock(pthread_mutex_t* mutex) {
  if (!recorder::IsOnlyRecording()) [[unlikely]]
    return LockCold(mutex, DETECT_CALLER());
  ThreadSlot* slot = recorder::t_state.slot;
  // Before the lock is taken, because no load after a locked instruction overlaps with it. A signal
  // handler that comes in between leaves the depth as it was.
  uint32_t site = recorder::CachedSiteOf(DETECT_CALLER());
  uint32_t depth = slot->depth.load(std::memory_order_relaxed);
  if (site == 0 || depth >= recorder::kMaxHolds || !FastLock(mutex, TidOf(slot))) [[unlikely]]
    return LockSlow(slot, mutex, DETECT_CALLER());
  recorder::PushHold(slot, depth, mutex, {site, ResourceKind::kMutex, AccessMode::kExclusive});
  return 0;
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return Real().mutex_trylock(mutex);
  BeforeOperation(OperationKind::kTry, mutex, DETECT_CALLER_PC());
  int result = FastLock(mutex, TidOf(slot)) ? 0 : g_real.mutex_trylock(mutex);
  if (IsTaken(result)) RecordTaken(slot, mutex, DETECT_CALLER());
  return result;
}

int MutexTimedLock(pthread_mutex_t* mutex, const timespec* deadline) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return Real().mutex_timedlock(mutex, deadline);
  BeforeOperation(OperationKind::kAcquire, mutex, DETECT_CALLER_PC());
  return LockRecorded(slot, mutex, true, DETECT_CALLER(),
                      [=] { return Real().mutex_timedlock(mutex, deadline); });
}

int MutexClockLock(pthread_mutex_t* mutex, clockid_t clock, const timespec* deadline) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  // A clock that cannot be waited by is refused even when the mutex is free.
  bool is_valid = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
  if (slot == nullptr || !is_valid) return Real().mutex_clocklock(mutex, clock, deadline);
  BeforeOperation(OperationKind::kAcquire, mutex, DETECT_CALLER_PC());
  return LockRecorded(slot, mutex, true, DETECT_CALLER(),
                      [=] { return Real().mutex_clocklock(mutex, clock, deadline); });
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  if (!recorder::IsOnlyRecording()) [[unlikely]]
    return UnlockCold(mutex, DETECT_CALLER_PC());
  ThreadSlot* slot = recorder::t_state.slot;
  if (!recorder::ReleasedFast(slot, mutex)) [[unlikely]]
    return UnlockSlow(slot, mutex);
  if (FastUnlock(mutex, TidOf(slot))) [[likely]]
    return 0;
  return g_real.mutex_unlock(mutex);
}

}  // extern "C"

}  // namespace detect::preload
