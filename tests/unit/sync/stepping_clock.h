// A clock that nobody but its readers moves: each look at it is one millisecond later.
#pragma once

#include <atomic>
#include <chrono>

namespace detect::testing {

struct SteppingClock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteppingClock>;
  static constexpr bool is_steady = true;

  static time_point now() { return time_point(duration(looks.fetch_add(1) + 1)); }
  // Returns what the last look has shown.
  static time_point LastSeen() { return time_point(duration(looks.load())); }

  static inline std::atomic<rep> looks{0};
};

}  // namespace detect::testing
