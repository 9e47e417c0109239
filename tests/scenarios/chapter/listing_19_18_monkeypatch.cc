// Methods added to a class from outside, and only where it lacks them: a lock of another library,
// whose names are not the standard's, becomes one that std::lock_guard takes and detect sees.
//
// Prints:
//   counted to 2000
//   "twice" waits for "their lock", which "twice" holds
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <vector>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/instrumented.h"
#include "libdetect/sync/this_thread.h"
#include "libdetect/sync/thread.h"
#include "tests/scenarios/chapter/listing_19_08_thread_safety.h"

// The library's.
namespace theirs {

class Lock {
 public:
  bool TryEnter() { return !taken_.test_and_set(std::memory_order_acquire); }
  void Enter() {
    while (!TryEnter()) taken_.wait(true);
  }
  void Leave() {
    taken_.clear(std::memory_order_release);
    taken_.notify_one();
  }

 private:
  std::atomic_flag taken_;
};

}  // namespace theirs

// Ours: the patch, for every such class without a lock() of its own.
template <typename L>
requires(
    !requires(L & l) { l.lock(); } &&
    requires(L & l) { l.Enter(); }) struct detect::lockable_traits<L> {
  static void lock(L& l) { l.Enter(); }
  static bool try_lock(L& l) { return l.TryEnter(); }
  static void unlock(L& l) { l.Leave(); }
};

namespace {

detect::instrumented<theirs::Lock> lock{"their lock"};
int counter = 0;  // guarded by lock

void Count() {
  for (int i = 0; i < 100; ++i) {
    std::lock_guard hold(lock);
    ++counter;
  }
}

void LockTwice() {
  std::lock_guard hold(lock);
  lock.lock();  // never returns
}

}  // namespace

int main() {
  if (RunContended(Count)) std::printf("counted to %d\n", counter);

  detect::thread twice({.name = "twice", .daemon = true}, LockTwice);
  std::vector<detect::DeadlockedThread> deadlocked;
  while (deadlocked.empty()) {
    detect::this_thread::sleep_for(std::chrono::milliseconds(10));
    deadlocked = detect::FindDeadlockedThreads();
  }
  for (const detect::DeadlockedThread& thread : deadlocked) {
    std::printf("\"%s\" waits for \"%s\", which \"%s\" holds\n", thread.name.c_str(),
                thread.waits_for.c_str(), thread.held_by.c_str());
  }
}
