// One of two participants ends after the first phase, and does not say so; the other waits for it.
#include "tests/scenarios/lib.h"

namespace {

lib::barrier step{2};
std::atomic<int> steps{0};

void Work(int phases) {
  for (int i = 0; i < phases; ++i) {
    step.arrive_and_wait();  // blocks
    ++steps;                 // a call that is a function's last may leave no trace of its caller
  }
}

}  // namespace

int main() {
  scenario::Session session(scenario::Session::EndsWhenSuspected{});
  lib::thread brief = scenario::Start("brief", [] { Work(1); });
  lib::thread steady = scenario::Start("steady", [] { Work(2); });
  brief.join();
  steady.join();  // blocks
}
