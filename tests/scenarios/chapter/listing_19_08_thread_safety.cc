// A test that runs an operation from many threads, tried on one that ends and on one that never
// does.
//
// Prints:
//   count up: all of 20 threads returned
//   wait for nothing: not all of 20 threads returned
#include "tests/scenarios/chapter/listing_19_08_thread_safety.h"

#include <atomic>
#include <chrono>
#include <cstdio>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/latch.h"

using namespace std::chrono_literals;

int main() {
  detect::Monitor monitor;

  std::atomic<int> count = 0;
  const bool counted = RunContended([&count] { ++count; });
  std::printf("count up: %s of %d threads returned\n", counted ? "all" : "not all", count.load());

  detect::latch never(1, "never");
  const bool waited = RunContended([&never] { never.wait(); }, 20, 50ms);
  std::printf("wait for nothing: %s of 20 threads returned\n", waited ? "all" : "not all");
}
