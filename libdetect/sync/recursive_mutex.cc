#include "libdetect/sync/recursive_mutex.h"

#include <limits>
#include <system_error>

namespace detect {

[[gnu::noinline]] recursive_mutex::recursive_mutex(const char* name, lock_rank rank)
    : lock_(name, DETECT_CALLER(), rank) {}

[[gnu::noinline]] void recursive_mutex::lock() {
  const recorder::Caller caller = DETECT_CALLER();
  if (IsOwner()) return LockAgainOrThrow(caller);
  lock_.Lock(caller);
  BecomeOwner();
}

[[gnu::noinline]] void recursive_mutex::lock_interruptibly() {
  const recorder::Caller caller = DETECT_CALLER();
  sync::ThrowIfInterrupted();
  if (IsOwner()) return LockAgainOrThrow(caller);
  lock_.LockInterruptibly(caller);
  BecomeOwner();
}

[[gnu::noinline]] bool recursive_mutex::try_lock() {
  const recorder::Caller caller = DETECT_CALLER();
  if (IsOwner()) return LockAgain(caller);
  if (!lock_.TryLock(caller)) return false;
  BecomeOwner();
  return true;
}

void recursive_mutex::unlock() {
  if (count_ == 1) {
    owner_.store(0, std::memory_order_relaxed);
    count_ = 0;
    lock_.Unlock();
    return;
  }
  --count_;
  lock_.UnlockedOnce();
}

void recursive_mutex::BecomeOwner() {
  owner_.store(pthread_self(), std::memory_order_relaxed);
  count_ = 1;
}

void recursive_mutex::LockAgainOrThrow(recorder::Caller caller) {
  if (LockAgain(caller)) return;
  throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                          "recursive_mutex::lock");
}

bool recursive_mutex::LockAgain(recorder::Caller caller) {
  if (count_ == std::numeric_limits<uint32_t>::max()) return false;
  ++count_;
  lock_.LockedAgain(caller);
  return true;
}

}  // namespace detect
