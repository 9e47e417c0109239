// std::recursive_mutex, seen by the detector: as detect::mutex, and its owner may lock it again.
//
// Context: hot. Memory: 32 bytes. Cost: uncontended, one compare-exchange and the record.
#pragma once

#include "libdetect/sync/lock_rank.h"
#include "libdetect/sync/locks.h"
#include "libdetect/sync/recursive_lock.h"

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
  sync::RecursiveLock lock_;
};

}  // namespace detect
