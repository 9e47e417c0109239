// Five threads wait for a condition that nobody will ever notify. They are interrupted instead.
//
// Prints, in any order:
//   thread #0 waits pointlessly
//   thread #1 waits pointlessly
//   thread #2 waits pointlessly
//   thread #3 waits pointlessly
//   thread #4 waits pointlessly
// Then, in any order:
//   thread #0 has finished
//   thread #1 has finished
//   thread #2 has finished
//   thread #3 has finished
//   thread #4 has finished
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/latch.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/thread.h"

namespace {

constexpr int kThreads = 5;

detect::mutex lock{"lock"};
detect::condition_variable unfair{"unfair condition"};
detect::latch all_wait(kThreads, "all wait");

void WaitUntilInterrupted(const std::string& name) {
  try {
    std::unique_lock hold(lock);
    std::printf("%s waits pointlessly\n", name.c_str());
    all_wait.count_down();
    for (;;) unfair.wait(hold);
  } catch (const detect::interrupted&) {
  }
  std::printf("%s has finished\n", name.c_str());
}

}  // namespace

int main() {
  detect::Monitor monitor;
  std::vector<detect::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    const std::string name = "thread #" + std::to_string(i);
    threads.emplace_back(detect::thread_options{.name = name}, WaitUntilInterrupted, name);
  }
  all_wait.wait();

  for (detect::thread& thread : threads) thread.interrupt();
  for (detect::thread& thread : threads) thread.join();
}
