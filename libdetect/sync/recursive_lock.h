// RecursiveLock is the lock inside both recursive mutexes: an OwnedLock that its owner may take
// again, and how often it did.
//
// Context: hot. Memory: 32 bytes.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "libdetect/sync/block.h"
#include "libdetect/sync/lock_rank.h"
#include "libdetect/sync/owned_lock.h"

namespace detect::sync {

class RecursiveLock {
 public:
  constexpr RecursiveLock() noexcept = default;
  constexpr explicit RecursiveLock(lock_rank rank) noexcept : lock_(rank) {}
  // `name` is copied; null: none.
  RecursiveLock(const char* name, recorder::Caller caller, lock_rank rank)
      : lock_(name, caller, rank) {}

  // Throws std::system_error(resource_unavailable_try_again) at the 2^32nd lock of its owner.
  [[gnu::always_inline]] void Lock(recorder::Caller caller) {
    if (IsOwner()) return LockAgainOrThrow(caller);
    lock_.Lock(caller);
    Own();
  }

  // The same, but throws detect::interrupted, without the lock, where the caller was interrupted.
  void LockInterruptibly(recorder::Caller caller) {
    ThrowIfInterrupted();
    if (IsOwner()) return LockAgainOrThrow(caller);
    lock_.LockInterruptibly(caller);
    Own();
  }

  bool TryLock(recorder::Caller caller) {
    if (IsOwner()) return LockAgain(caller);
    if (!lock_.TryLock(caller)) return false;
    Own();
    return true;
  }

  // Returns false when the lock could not be taken before `deadline`.
  bool TryLockUntil(const Deadline& deadline, recorder::Caller caller) {
    if (IsOwner()) return LockAgain(caller);
    if (!lock_.TryLockUntil(deadline, caller)) return false;
    Own();
    return true;
  }

  [[gnu::always_inline]] void Unlock() {
    if (count_ != 1) return UnlockOnce();
    owner_.store(0, std::memory_order_relaxed);
    count_ = 0;
    lock_.Unlock();
  }

 private:
  bool IsOwner() const { return owner_.load(std::memory_order_relaxed) == pthread_self(); }
  void Own() {
    owner_.store(pthread_self(), std::memory_order_relaxed);
    count_ = 1;
  }

  // What the caller holds already.
  bool LockAgain(recorder::Caller caller);
  void LockAgainOrThrow(recorder::Caller caller);
  void UnlockOnce();

  OwnedLock lock_;
  // By the owner: how often it locked it.
  uint32_t count_ = 0;
  // By the owner; 0: nobody. A thread that reads its own id here has written it itself. Unlike the
  // kernel's id it is at hand when nothing is recorded, and stays the same in a forked child.
  std::atomic<pthread_t> owner_{0};
};

}  // namespace detect::sync
