// Each thread appends something of its own to a list that all share, and removes it again: one step
// forward, one step back. Where each step is atomic, the list is empty in the end.
//
// Prints:
//   20 threads have come back, and the list has 0 elements
#include <cstdio>
#include <list>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/guarded.h"
#include "libdetect/sync/this_thread.h"
#include "libdetect/sync/thread.h"
#include "tests/scenarios/chapter/listing_19_08_thread_safety.h"

int main() {
  detect::Monitor monitor;
  detect::guarded<std::list<detect::thread::id>> list;

  const bool all_returned = RunContended([&list] {
    const detect::thread::id self = detect::this_thread::get_id();
    for (int i = 0; i < 1000; ++i) {
      list.lock()->push_back(self);
      detect::this_thread::yield();  // lets others come between
      list.lock()->remove(self);
    }
  });

  std::printf("20 threads have %s, and the list has %zu elements\n",
              all_returned ? "come back" : "not all come back", list.lock()->size());
}
