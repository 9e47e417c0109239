#include "libdetect/sync/recursive_mutex.h"

namespace detect {

[[gnu::noinline]] recursive_mutex::recursive_mutex(const char* name, lock_rank rank)
    : lock_(name, DETECT_CALLER(), rank) {}

[[gnu::noinline]] void recursive_mutex::lock() { lock_.Lock(DETECT_CALLER()); }

[[gnu::noinline]] void recursive_mutex::lock_interruptibly() {
  lock_.LockInterruptibly(DETECT_CALLER());
}

[[gnu::noinline]] bool recursive_mutex::try_lock() { return lock_.TryLock(DETECT_CALLER()); }

void recursive_mutex::unlock() { lock_.Unlock(); }

}  // namespace detect
