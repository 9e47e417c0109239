// As bug_barrier_ended, but who ends drops out of the barrier.
#include "tests/scenarios/lib.h"

namespace {

lib::barrier step{2};

void Work(int phases) {
  for (int i = 0; i < phases; ++i) step.arrive_and_wait();
  step.arrive_and_drop();
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread brief = scenario::Start("brief", [] { Work(1); });
  lib::thread steady = scenario::Start("steady", [] { Work(2); });
  brief.join();
  steady.join();
}
