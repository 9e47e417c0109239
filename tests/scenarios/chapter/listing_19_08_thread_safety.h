// RunContended() lets many threads do the same thing at once, to see what that breaks.
//
//   long count = 0;
//   EXPECT_TRUE(RunContended([&] { Count(&count); }));    // 20 threads, all of which come back
//   EXPECT_EQ(count, 20);                                 // and nothing was lost
//
// Threads: any.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "libdetect/sync/latch.h"
#include "libdetect/tasks/thread_pool.h"

// Returns whether `f` has returned in all threads before the timeout; where not, those still in it
// are interrupted and awaited. Throws what `f` throws.
inline bool RunContended(const std::function<void()>& f, size_t threads = 20,
                         std::chrono::nanoseconds timeout = std::chrono::seconds(10)) {
  detect::latch start(static_cast<ptrdiff_t>(threads), "start");
  detect::thread_pool pool = detect::thread_pool::fixed(threads, {.name = "contender"});
  const std::vector<std::function<void()>> runs(threads, [&start, &f] {
    start.arrive_and_wait();  // the first ones are not done before the last one begins
    f();
  });

  bool all_returned = true;
  for (detect::future<void>& run : pool.invoke_all(runs, timeout)) {
    try {
      run.get();
    } catch (const detect::task_cancelled&) {
      all_returned = false;
    }
  }
  return all_returned;
}
