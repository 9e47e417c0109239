// Two pairs of threads deadlock, each over locks of its own, while main lives on and returns.
#include <chrono>
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

struct Pair {
  lib::mutex left;
  lib::mutex right;
  std::latch each_holds_one{2};
  scenario::BlockingPoint waits_for_left;
  scenario::BlockingPoint waits_for_right;
};

void Deadlock(Pair& pair) {
  lib::thread([&pair] {
    std::lock_guard hold_left(pair.left);
    pair.each_holds_one.arrive_and_wait();
    pair.waits_for_right.Enter(pair.right);
    std::lock_guard hold_right(pair.right);  // blocks
  }).detach();
  lib::thread([&pair] {
    std::lock_guard hold_right(pair.right);
    pair.each_holds_one.arrive_and_wait();
    pair.waits_for_left.Enter(pair.left);
    std::lock_guard hold_left(pair.left);  // blocks
  }).detach();
}

}  // namespace

int main() {
  scenario::Session session;
  // Never deleted: the threads wait on them to the end.
  Pair* pairs = new Pair[2];
  Deadlock(pairs[0]);
  Deadlock(pairs[1]);
  for (int i = 0; i < 2; ++i) {
    pairs[i].waits_for_left.AwaitBlocked();
    pairs[i].waits_for_right.AwaitBlocked();
  }
  // Here the time is the point: one scan finds both.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
}
