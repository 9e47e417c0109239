#include "libdetect/sync/mutex.h"

namespace detect {

[[gnu::noinline]] mutex::mutex(const char* name, lock_rank rank)
    : lock_(name, DETECT_CALLER(), rank) {}

[[gnu::noinline]] void mutex::lock() { lock_.Lock(DETECT_CALLER()); }

[[gnu::noinline]] void mutex::lock_interruptibly() { lock_.LockInterruptibly(DETECT_CALLER()); }

[[gnu::noinline]] bool mutex::try_lock() { return lock_.TryLock(DETECT_CALLER()); }

void mutex::unlock() { lock_.Unlock(); }

}  // namespace detect
