// Deadline is when a wait ends by itself, on a clock that the kernel waits by.
//
// A deadline of the system clock follows that clock when somebody sets it; one of any other clock
// is taken over to the steady clock, so whoever waits for it looks at its own clock again.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace detect::sync {

struct Deadline {
  clockid_t clock = CLOCK_MONOTONIC;
  std::chrono::nanoseconds since_epoch{0};  // never negative
};

// Returns `duration` in whole nanoseconds, rounded up, or the nearest end of what they can express.
template <typename Rep, typename Period>
constexpr std::chrono::nanoseconds SaturatedNanoseconds(
    const std::chrono::duration<Rep, Period>& duration) {
  using std::chrono::nanoseconds;
  const double approximate = std::chrono::duration<double, std::nano>(duration).count();
  // The largest double below 2^63.
  constexpr double kMost = 9223372036854774784.0;
  if (approximate >= kMost) return nanoseconds::max();
  if (approximate <= -kMost) return nanoseconds::min();
  return std::chrono::ceil<nanoseconds>(duration);
}

template <typename Rep, typename Period>
Deadline DeadlineAfter(const std::chrono::duration<Rep, Period>& duration) {
  const std::chrono::nanoseconds wanted = SaturatedNanoseconds(duration);
  const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
  const std::chrono::nanoseconds most = std::chrono::nanoseconds::max() - now;
  if (wanted <= std::chrono::nanoseconds::zero()) return {CLOCK_MONOTONIC, now};
  return {CLOCK_MONOTONIC, now + std::min(wanted, most)};
}

// Whether the kernel can wait by `Clock` itself.
template <typename Clock>
inline constexpr bool kIsKernelClock = std::is_same_v<Clock, std::chrono::steady_clock> ||
                                       std::is_same_v<Clock, std::chrono::system_clock>;

template <typename Clock, typename Duration>
Deadline DeadlineAt(const std::chrono::time_point<Clock, Duration>& time) {
  if constexpr (kIsKernelClock<Clock>) {
    const bool system = std::is_same_v<Clock, std::chrono::system_clock>;
    return {system ? CLOCK_REALTIME : CLOCK_MONOTONIC,
            std::max(SaturatedNanoseconds(time.time_since_epoch()), std::chrono::nanoseconds(0))};
  } else {
    return DeadlineAfter(time - Clock::now());
  }
}

// Calls `attempt(deadline)` until it returns true, which this then returns, or until `time` has
// come by its own clock.
template <typename Clock, typename Duration, typename Attempt>
bool AttemptUntil(const std::chrono::time_point<Clock, Duration>& time, Attempt attempt) {
  do {
    if (attempt(DeadlineAt(time))) return true;
  } while (!kIsKernelClock<Clock> && Clock::now() < time);
  return false;
}

}  // namespace detect::sync
