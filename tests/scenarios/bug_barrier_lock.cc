// One participant waits at the barrier with a lock held that the other needs on its way there.
#include "tests/scenarios/lib.h"

namespace {

lib::mutex grid;
lib::barrier step{2};
lib::latch is_held{1};

void Left() {
  std::lock_guard hold(grid);
  is_held.count_down();
  step.arrive_and_wait();  // blocks
}

void Right() {
  is_held.wait();
  {
    std::lock_guard hold(grid);  // blocks
  }
  step.arrive_and_wait();
}

}  // namespace

int main() {
  scenario::Session session(scenario::Session::EndsWhenSuspected{});
  lib::thread left = scenario::Start("left", Left);
  lib::thread right = scenario::Start("right", Right);
  left.join();
  right.join();
}
