#include "libdetect/sync/shared_mutex.h"

namespace detect {

[[gnu::noinline]] shared_mutex::shared_mutex(const char* name, RwPreference preference)
    : lock_(name, preference, DETECT_CALLER()) {}

[[gnu::noinline]] void shared_mutex::lock() { lock_.Lock(AccessMode::kExclusive, DETECT_CALLER()); }

[[gnu::noinline]] void shared_mutex::lock_shared() {
  lock_.Lock(AccessMode::kShared, DETECT_CALLER());
}

[[gnu::noinline]] bool shared_mutex::try_lock() {
  return lock_.TryLock(AccessMode::kExclusive, DETECT_CALLER());
}

[[gnu::noinline]] bool shared_mutex::try_lock_shared() {
  return lock_.TryLock(AccessMode::kShared, DETECT_CALLER());
}

void shared_mutex::unlock() { lock_.Unlock(AccessMode::kExclusive); }

void shared_mutex::unlock_shared() { lock_.Unlock(AccessMode::kShared); }

}  // namespace detect
