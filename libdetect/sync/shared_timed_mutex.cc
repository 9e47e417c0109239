#include "libdetect/sync/shared_timed_mutex.h"

namespace detect {

[[gnu::noinline]] shared_timed_mutex::shared_timed_mutex(const char* name, RwPreference preference)
    : lock_(name, preference, DETECT_CALLER()) {}

[[gnu::noinline]] void shared_timed_mutex::lock() {
  lock_.Lock(AccessMode::kExclusive, DETECT_CALLER());
}

[[gnu::noinline]] void shared_timed_mutex::lock_shared() {
  lock_.Lock(AccessMode::kShared, DETECT_CALLER());
}

[[gnu::noinline]] bool shared_timed_mutex::try_lock() {
  return lock_.TryLock(AccessMode::kExclusive, DETECT_CALLER());
}

[[gnu::noinline]] bool shared_timed_mutex::try_lock_shared() {
  return lock_.TryLock(AccessMode::kShared, DETECT_CALLER());
}

void shared_timed_mutex::unlock() { lock_.Unlock(AccessMode::kExclusive); }

void shared_timed_mutex::unlock_shared() { lock_.Unlock(AccessMode::kShared); }

[[gnu::noinline]] bool shared_timed_mutex::TryLockUntil(const sync::Deadline& deadline) {
  return lock_.TryLockUntil(AccessMode::kExclusive, deadline, DETECT_CALLER());
}

[[gnu::noinline]] bool shared_timed_mutex::TryLockSharedUntil(const sync::Deadline& deadline) {
  return lock_.TryLockUntil(AccessMode::kShared, deadline, DETECT_CALLER());
}

}  // namespace detect
