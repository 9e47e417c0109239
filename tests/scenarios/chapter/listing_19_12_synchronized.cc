// As listing 19-10, but it is the function that has the lock: calls of it exclude each other.
//
// Prints:
//   counted to 2000
#include <cstdio>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/synchronized.h"
#include "libdetect/sync/this_thread.h"
#include "tests/scenarios/chapter/listing_19_08_thread_safety.h"

int main() {
  detect::Monitor monitor;
  const auto increment = detect::synchronized([](int& counter) {
    ++counter;
    detect::this_thread::yield();  // lets the others run into the lock
  });

  int counter = 0;
  const bool all_returned = RunContended([&] {
    for (int i = 0; i < 100; ++i) increment(counter);
  });

  if (all_returned) std::printf("counted to %d\n", counter);
}
