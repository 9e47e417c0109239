// As bug_long_hold, but it gives the lock back in the end: however long that takes, it is no
// deadlock.
#include <chrono>
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

constexpr std::chrono::milliseconds kManyScans{500};

lib::mutex archive;
lib::mutex catalogue;
std::latch main_holds(1);
scenario::BlockingPoint blocking;

void Search() {
  std::lock_guard first(catalogue);
  main_holds.wait();
  blocking.Enter(archive);
  std::lock_guard second(archive);
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread searcher = scenario::Start("searcher", Search);
  {
    std::lock_guard first(archive);
    main_holds.count_down();
    blocking.AwaitBlocked();
    std::this_thread::sleep_for(kManyScans);
  }
  std::lock_guard second(catalogue);
  searcher.join();
}
