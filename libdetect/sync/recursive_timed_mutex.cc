#include "libdetect/sync/recursive_timed_mutex.h"

namespace detect {

[[gnu::noinline]] recursive_timed_mutex::recursive_timed_mutex(const char* name, lock_rank rank)
    : lock_(name, DETECT_CALLER(), rank) {}

[[gnu::noinline]] void recursive_timed_mutex::lock() { lock_.Lock(DETECT_CALLER()); }

[[gnu::noinline]] void recursive_timed_mutex::lock_interruptibly() {
  lock_.LockInterruptibly(DETECT_CALLER());
}

[[gnu::noinline]] bool recursive_timed_mutex::try_lock() { return lock_.TryLock(DETECT_CALLER()); }

void recursive_timed_mutex::unlock() { lock_.Unlock(); }

[[gnu::noinline]] bool recursive_timed_mutex::TryLockUntil(const sync::Deadline& deadline) {
  return lock_.TryLockUntil(deadline, DETECT_CALLER());
}

}  // namespace detect
