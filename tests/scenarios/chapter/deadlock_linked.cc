// As deadlock_std.cc, but with detect's own locks and threads, and with main as the monitoring
// thread: it asks ten times a second who is deadlocked, says so, and shuts the program down.
// The two threads are daemons, so that main can return without them.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/sync.h"

namespace {

detect::mutex lock_one{"lock_one"};
detect::mutex lock_two{"lock_two"};
std::atomic<long> counter = 0;

void CountForever(detect::mutex& first, detect::mutex& second) {
  for (;;) {
    std::lock_guard hold_first(first);
    std::lock_guard hold_second(second);
    ++counter;
  }
}

// The innermost source line of a stack that is this file's.
std::string PlaceOf(const std::vector<detect::Frame>& stack) {
  for (const detect::Frame& frame : stack) {
    if (frame.file.ends_with("deadlock_linked.cc")) {
      return "deadlock_linked.cc:" + std::to_string(frame.line);
    }
  }
  return "an unknown line";
}

}  // namespace

int main() {
  detect::thread forward({.name = "thread #1", .daemon = true}, CountForever, std::ref(lock_one),
                         std::ref(lock_two));
  detect::thread reversed({.name = "thread #2 (reversed)", .daemon = true}, CountForever,
                          std::ref(lock_two), std::ref(lock_one));
  for (;;) {
    detect::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::printf("monitoring thread: %ld counted\n", counter.load());
    const std::vector<detect::DeadlockedThread> threads = detect::FindDeadlockedThreads();
    if (threads.empty()) continue;
    std::printf("monitoring thread: deadlock detected, shutting down\n");
    for (const detect::DeadlockedThread& thread : threads) {
      std::printf("  \"%s\" waits for %s at %s; \"%s\" took it at %s\n", thread.name.c_str(),
                  thread.waits_for.c_str(), PlaceOf(thread.waits_at).c_str(),
                  thread.held_by.c_str(), PlaceOf(thread.holder_at).c_str());
    }
    return 0;
  }
}
