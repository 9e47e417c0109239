// As bug_barrier_lock, but the lock is given back before the barrier.
#include "tests/scenarios/lib.h"

namespace {

lib::mutex grid;
lib::barrier step{2};

void Take() {
  { std::lock_guard hold(grid); }
  step.arrive_and_wait();
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread left = scenario::Start("left", Take);
  lib::thread right = scenario::Start("right", Take);
  left.join();
  right.join();
}
