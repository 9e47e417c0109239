// std::timed_mutex, seen by the detector: as detect::mutex, with deadlines.
//
// A cycle in which one thread waits with a deadline ends by itself, so a thread that does is never
// made a victim.
//
// Context: hot. Memory: 12 bytes. Cost: uncontended, one compare-exchange and the record.
#pragma once

#include <chrono>

#include "libdetect/sync/deadline.h"
#include "libdetect/sync/lock_rank.h"
#include "libdetect/sync/locks.h"
#include "libdetect/sync/owned_lock.h"

namespace detect {

class timed_mutex {
 public:
  constexpr timed_mutex() noexcept = default;
  constexpr explicit timed_mutex(lock_rank rank) noexcept : lock_(rank) {}
  // The name is copied.
  explicit timed_mutex(const char* name, lock_rank rank = {});
  timed_mutex(const timed_mutex&) = delete;
  timed_mutex& operator=(const timed_mutex&) = delete;

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

  sync::OwnedLock lock_;
};

}  // namespace detect
