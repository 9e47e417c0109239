// What is initialised under one lock for the whole program, as Python's modules are, costs that
// lock each time someone makes sure that it is there: also long after it is, also in a hot loop.
//
// Prints:
//   import inside the loop: the lock was taken 4000 times
//   import before the loop: the lock was taken 4 times
#include <cstdio>
#include <mutex>
#include <optional>
#include <vector>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/jthread.h"
#include "libdetect/sync/recursive_mutex.h"

namespace {

struct Module {
  int foo = 1;
};

// Recursive: a module may import others.
detect::recursive_mutex import_lock{"import lock"};
std::optional<Module> module;  // guarded by import_lock
long times_taken = 0;          // guarded by import_lock

const Module& Import() {
  std::lock_guard hold(import_lock);
  ++times_taken;
  if (!module.has_value()) module.emplace();
  return *module;
}

long SlowThingsWayDown() {
  long sum = 0;
  for (int i = 0; i < 1000; ++i) sum += Import().foo;
  return sum;
}

long DoNot() {
  long sum = 0;
  const Module& imported = Import();
  for (int i = 0; i < 1000; ++i) sum += imported.foo;
  return sum;
}

// Returns how often four threads that run `body` take the lock.
long CountIn(long (*body)()) {
  times_taken = 0;
  {
    std::vector<detect::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(body);
  }
  return times_taken;
}

}  // namespace

int main() {
  detect::Monitor monitor;
  std::printf("import inside the loop: the lock was taken %ld times\n", CountIn(SlowThingsWayDown));
  std::printf("import before the loop: the lock was taken %ld times\n", CountIn(DoNot));
}
