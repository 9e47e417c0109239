#include "libdetect/sync/timed_mutex.h"

namespace detect {

[[gnu::noinline]] timed_mutex::timed_mutex(const char* name, lock_rank rank)
    : lock_(name, DETECT_CALLER(), rank) {}

[[gnu::noinline]] void timed_mutex::lock() { lock_.Lock(DETECT_CALLER()); }

[[gnu::noinline]] void timed_mutex::lock_interruptibly() {
  lock_.LockInterruptibly(DETECT_CALLER());
}

[[gnu::noinline]] bool timed_mutex::try_lock() { return lock_.TryLock(DETECT_CALLER()); }

void timed_mutex::unlock() { lock_.Unlock(); }

[[gnu::noinline]] bool timed_mutex::TryLockUntil(const sync::Deadline& deadline) {
  return lock_.TryLockUntil(deadline, DETECT_CALLER());
}

}  // namespace detect
