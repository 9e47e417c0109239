// Two thread types under names of one's own, in one program: the standard's, which other people's
// code makes, and detect's. Both use the same locks, but only the latter can be interrupted.
//
// Prints:
//   both have counted to 2000
//   DetectThread can be interrupted
//   StdThread cannot
#include <cstdio>
#include <mutex>
#include <thread>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/thread.h"

namespace {

using StdThread = std::thread;
using DetectThread = detect::thread;

template <typename Thread>
concept Interruptible = requires(Thread& thread) {
  thread.interrupt();
};

template <typename Thread>
const char* Ability() {
  return Interruptible<Thread> ? "can be interrupted" : "cannot";
}

}  // namespace

int main() {
  detect::Monitor monitor;
  detect::mutex lock{"counter lock"};
  int counter = 0;  // guarded by lock
  const auto count = [&] {
    for (int i = 0; i < 1000; ++i) {
      std::lock_guard hold(lock);
      ++counter;
    }
  };

  StdThread theirs(count);
  DetectThread ours({.name = "ours"}, count);
  theirs.join();
  ours.join();

  std::printf("both have counted to %d\n", counter);
  std::printf("DetectThread %s\n", Ability<DetectThread>());
  std::printf("StdThread %s\n", Ability<StdThread>());
}
