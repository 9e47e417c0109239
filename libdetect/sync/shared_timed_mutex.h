// std::shared_timed_mutex, seen by the detector: as detect::shared_mutex, with deadlines.
//
// A writer that gives up no longer stands in the way of the readers behind it.
//
// Context: hot. Memory: 12 bytes. Cost: uncontended, one compare-exchange and the record.
#pragma once

#include <chrono>

#include "libdetect/base/kinds.h"
#include "libdetect/sync/deadline.h"
#include "libdetect/sync/locks.h"
#include "libdetect/sync/rw_lock.h"

namespace detect {

class shared_timed_mutex {
 public:
  constexpr shared_timed_mutex() noexcept : shared_timed_mutex(RwPreference::kWriters) {}
  constexpr explicit shared_timed_mutex(RwPreference preference) noexcept : lock_(preference) {}
  // The name is copied.
  explicit shared_timed_mutex(const char* name, RwPreference preference = RwPreference::kWriters);
  shared_timed_mutex(const shared_timed_mutex&) = delete;
  shared_timed_mutex& operator=(const shared_timed_mutex&) = delete;

  // Both throw std::system_error(resource_deadlock_would_occur) in a victim, as mutex::lock does.
  void lock();
  void lock_shared();

  [[nodiscard]] bool try_lock();
  [[nodiscard]] bool try_lock_shared();
  void unlock();
  void unlock_shared();

  template <typename Rep, typename Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& duration) {
    return TryLockUntil(sync::DeadlineAfter(duration));
  }

  template <typename Clock, typename Duration>
  [[nodiscard]] bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    return sync::AttemptUntil(
        time, [this](const sync::Deadline& deadline) { return TryLockUntil(deadline); });
  }

  template <typename Rep, typename Period>
  [[nodiscard]] bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& duration) {
    return TryLockSharedUntil(sync::DeadlineAfter(duration));
  }

  template <typename Clock, typename Duration>
  [[nodiscard]] bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& time) {
    return sync::AttemptUntil(
        time, [this](const sync::Deadline& deadline) { return TryLockSharedUntil(deadline); });
  }

 private:
  bool TryLockUntil(const sync::Deadline& deadline);
  bool TryLockSharedUntil(const sync::Deadline& deadline);

  sync::RwLock lock_;
};

}  // namespace detect
