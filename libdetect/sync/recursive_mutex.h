// std::recursive_mutex, seen by the detector: as detect::mutex, and its owner may lock it again.
//
// Context: hot. Memory: 32 bytes. Cost: uncontended, one compare-exchange and the record.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "libdetect/sync/lock_rank.h"
#include "libdetect/sync/locks.h"
#include "libdetect/sync/owned_lock.h"

namespace detect {

class recursive_mutex {
 public:
  constexpr recursive_mutex() noexcept = default;
  constexpr explicit recursive_mutex(lock_rank rank) noexcept : lock_(rank) {}
  // The name is copied.
  explicit recursive_mutex(const char* name, lock_rank rank = {});
  recursive_mutex(const recursive_mutex&) = delete;
  recursive_mutex& operator=(const recursive_mutex&) = delete;

  // Throws std::system_error(resource_unavailable_try_again) at the 2^32nd lock of its owner.
  void lock();
  // As lock(), but throws detect::interrupted in a thread that was interrupted.
  void lock_interruptibly();
  [[nodiscard]] bool try_lock();
  void unlock();

 private:
  // What the caller holds already.
  bool IsOwner() const { return owner_.load(std::memory_order_relaxed) == pthread_self(); }
  void BecomeOwner();
  bool LockAgain(recorder::Caller caller);
  void LockAgainOrThrow(recorder::Caller caller);

  sync::OwnedLock lock_;
  // By the owner: how often it locked it.
  uint32_t count_ = 0;
  // By the owner; 0: nobody. A thread that reads its own id here has written it itself. Unlike the
  // kernel's id it is at hand when nothing is recorded, and stays the same in a forked child.
  std::atomic<pthread_t> owner_{0};
};

}  // namespace detect
