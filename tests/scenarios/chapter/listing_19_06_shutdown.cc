// The end of a pool, in peace or not: shutdown_and_await_termination() lets the tasks end, and
// interrupts them when they do not in time.
//
// Prints:
//   orderly pool: has terminated, with 10 tasks done
//   stuck pool: has terminated
//   its task was interrupted
//   the task behind it was never started
#include <atomic>
#include <chrono>
#include <cstdio>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/latch.h"
#include "libdetect/tasks/shutdown.h"
#include "libdetect/tasks/thread_pool.h"

using namespace std::chrono_literals;

namespace {

const char* EndOf(detect::thread_pool& pool, std::chrono::nanoseconds timeout) {
  return detect::shutdown_and_await_termination(pool, timeout) ? "has terminated" : "goes on";
}

void EndOrderlyPool() {
  detect::thread_pool pool = detect::thread_pool::fixed(2, {.name = "orderly"});
  std::atomic<int> done = 0;
  for (int i = 0; i < 10; ++i) pool.execute([&done] { ++done; });

  const char* end = EndOf(pool, 5s);
  std::printf("orderly pool: %s, with %d tasks done\n", end, done.load());
}

void EndStuckPool() {
  detect::latch never(1, "never");
  detect::thread_pool pool = detect::thread_pool::single({.name = "stuck"});
  detect::future<void> stuck = pool.submit([&never] { never.wait(); });
  detect::future<void> behind = pool.submit([] {});

  std::printf("stuck pool: %s\n", EndOf(pool, 50ms));
  try {
    stuck.get();
  } catch (const detect::interrupted&) {
    std::printf("its task was interrupted\n");
  }
  try {
    behind.get();
  } catch (const detect::future_error&) {
    std::printf("the task behind it was never started\n");
  }
}

}  // namespace

int main() {
  detect::Monitor monitor;
  EndOrderlyPool();
  EndStuckPool();
}
