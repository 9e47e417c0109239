// As listing 19-10, but with the lock released by hand on each way out, also by an exception. It is
// shown for what it takes: use a guard instead.
//
// Prints:
//   counted to 2000, and 20 were refused
#include <cstdio>
#include <stdexcept>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/this_thread.h"
#include "tests/scenarios/chapter/listing_19_08_thread_safety.h"

namespace {

detect::mutex counter_lock{"lock"};
int counter = 0;  // guarded by counter_lock, as is the next
int refused = 0;

void Add(int amount) {
  counter_lock.lock();
  try {
    if (amount < 0) {
      ++refused;
      throw std::invalid_argument("counts up only");
    }
    counter += amount;
  } catch (...) {
    counter_lock.unlock();
    throw;
  }
  counter_lock.unlock();
}

}  // namespace

int main() {
  detect::Monitor monitor;

  const bool all_returned = RunContended([] {
    for (int i = 0; i < 100; ++i) {
      Add(1);
      detect::this_thread::yield();
    }
    try {
      Add(-1);
    } catch (const std::invalid_argument&) {
    }
  });

  if (all_returned) std::printf("counted to %d, and %d were refused\n", counter, refused);
}
