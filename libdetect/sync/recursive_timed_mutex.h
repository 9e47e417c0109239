// std::recursive_timed_mutex, seen by the detector: as detect::recursive_mutex, with deadlines.
//
// Context: hot. Memory: 32 bytes. Cost: uncontended, one compare-exchange and the record.
#pragma once

#include <chrono>

#include "libdetect/sync/deadline.h"
#include "libdetect/sync/lock_rank.h"
#include "libdetect/sync/locks.h"
#include "libdetect/sync/recursive_lock.h"

namespace detect {

class recursive_timed_mutex {
 public:
  constexpr recursive_timed_mutex() noexcept = default;
  constexpr explicit recursive_timed_mutex(lock_rank rank) noexcept : lock_(rank) {}
  // The name is copied.
  explicit recursive_timed_mutex(const char* name, lock_rank rank = {});
  recursive_timed_mutex(const recursive_timed_mutex&) = delete;
  recursive_timed_mutex& operator=(const recursive_timed_mutex&) = delete;

  // Throws std::system_error(resource_unavailable_try_again) at the 2^32nd lock of its owner.
  void lock();
  // As lock(), but throws detect::interrupted in a thread that was interrupted.
  void lock_interruptibly();
  [[nodiscard]] bool try_lock();
  void unlock();

  template <typename Rep, typename Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& duration) {
    return TryLockUntil(sync::DeadlineAfter(duration));
  }

  template <typename Clock, typename Duration>
  [[nodiscard]] bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    return sync::AttemptUntil(
        time, [this](const sync::Deadline& deadline) { return TryLockUntil(deadline); });
  }

 private:
  bool TryLockUntil(const sync::Deadline& deadline);

  sync::RecursiveLock lock_;
};

}  // namespace detect
