// std::this_thread, with sleeps that an interruption ends, and the caller's own interruption.
//
//   while (!this_thread::is_interrupted()) Work();       // looks, and leaves it pending
//   this_thread::sleep_for(1s);                          // throws detect::interrupted
//
// Only a detect::thread or detect::jthread can be interrupted: in any other one nothing ever is
// pending, and the sleeps are the standard's.
//
// Threads: each function is about the one that calls it.
#pragma once

#include <chrono>
#include <thread>

#include "libdetect/sync/deadline.h"

namespace detect {
namespace sync {

// Throws detect::interrupted when the caller was interrupted before or is meanwhile.
void SleepUntil(const Deadline& deadline);

}  // namespace sync

namespace this_thread {

using std::this_thread::get_id;
using std::this_thread::yield;

// Returns whether an interruption is pending, and takes it: the next call returns false.
bool interrupted() noexcept;

// Returns whether an interruption is pending.
bool is_interrupted() noexcept;

// Throws detect::interrupted where an interruption is pending: for long work that never waits.
void interruption_point();

template <typename Rep, typename Period>
void sleep_for(const std::chrono::duration<Rep, Period>& duration) {
  sync::SleepUntil(sync::DeadlineAfter(duration));
}

template <typename Clock, typename Duration>
void sleep_until(const std::chrono::time_point<Clock, Duration>& time) {
  sync::AttemptUntil(time, [](const sync::Deadline& deadline) {
    sync::SleepUntil(deadline);
    return sync::kIsKernelClock<Clock>;
  });
}

}  // namespace this_thread
}  // namespace detect
