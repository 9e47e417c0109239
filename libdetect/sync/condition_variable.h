// std::condition_variable, seen by the detector.
//
//   std::unique_lock<detect::mutex> hold(mutex);
//   changed.wait(hold, [&] { return ready; });
//
// A thread in wait() is recorded as waiting for the condition, which anyone alive may notify, and
// for the mutex that it has to take again.
//
// The waits are interruptible: in a thread that was interrupted they throw detect::interrupted,
// with the mutex held again.
//
// As the standard allows, it may be destroyed as soon as all who wait are notified. Beyond the
// standard, they are notified in the order in which they came, and nobody wakes up without reason.
//
// Context: hot. Memory: 24 bytes. Cost: notify with nobody waiting, one load and the record.
#pragma once

#include <chrono>
#include <condition_variable>

#include "libdetect/sync/deadline.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/wait_queue.h"

namespace detect {

using std::cv_status;

class condition_variable {
 public:
  constexpr condition_variable() noexcept = default;
  // The name is copied.
  explicit condition_variable(const char* name);
  constexpr ~condition_variable() {
    if (named_) recorder::ResourceDestroyed(this);
  }
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;

  void notify_one() noexcept;
  void notify_all() noexcept;

  // Requires, of each: `lock` is held by the caller.
  void wait(std::unique_lock<mutex>& lock);

  template <typename Predicate>
  void wait(std::unique_lock<mutex>& lock, Predicate predicate) {
    while (!predicate()) wait(lock);
  }

  template <typename Clock, typename Duration>
  cv_status wait_until(std::unique_lock<mutex>& lock,
                       const std::chrono::time_point<Clock, Duration>& time) {
    const bool in_time = WaitUntil(lock, sync::DeadlineAt(time));
    // Where the kernel does not know the clock, it may have woken the caller early.
    const bool early = !sync::kIsKernelClock<Clock> && Clock::now() < time;
    return in_time || early ? cv_status::no_timeout : cv_status::timeout;
  }

  template <typename Clock, typename Duration, typename Predicate>
  bool wait_until(std::unique_lock<mutex>& lock,
                  const std::chrono::time_point<Clock, Duration>& time, Predicate predicate) {
    while (!predicate()) {
      if (wait_until(lock, time) == cv_status::timeout) return predicate();
    }
    return true;
  }

  template <typename Rep, typename Period>
  cv_status wait_for(std::unique_lock<mutex>& lock,
                     const std::chrono::duration<Rep, Period>& duration) {
    return WaitUntil(lock, sync::DeadlineAfter(duration)) ? cv_status::no_timeout
                                                          : cv_status::timeout;
  }

  template <typename Rep, typename Period, typename Predicate>
  bool wait_for(std::unique_lock<mutex>& lock, const std::chrono::duration<Rep, Period>& duration,
                Predicate predicate) {
    const sync::Deadline deadline = sync::DeadlineAfter(duration);
    while (!predicate()) {
      if (!WaitUntil(lock, deadline)) return predicate();
    }
    return true;
  }

 private:
  // Returns false when the deadline has passed and nobody notified the caller.
  bool WaitUntil(std::unique_lock<mutex>& lock, const sync::Deadline& deadline);
  bool Wait(std::unique_lock<mutex>& lock, const sync::Deadline* deadline, recorder::Caller caller);

  sync::WaitQueue waiters_;
  bool named_ = false;  // constant after construction
};

}  // namespace detect
