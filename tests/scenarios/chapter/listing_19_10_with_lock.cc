// A counter that 20 threads share, with a lock that is held for the length of a block.
//
// Prints:
//   counted to 2000
#include <cstdio>
#include <mutex>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/this_thread.h"
#include "tests/scenarios/chapter/listing_19_08_thread_safety.h"

int main() {
  detect::Monitor monitor;
  detect::mutex lock{"lock"};
  int counter = 0;  // guarded by lock

  const bool all_returned = RunContended([&] {
    for (int i = 0; i < 100; ++i) {
      {
        std::lock_guard hold(lock);
        ++counter;
      }
      detect::this_thread::yield();
    }
  });

  if (all_returned) std::printf("counted to %d\n", counter);
}
