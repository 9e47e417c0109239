// As bug_latch, but main counts down before it joins.
#include "tests/scenarios/lib.h"

namespace {

lib::latch may_start{1};
int steps = 0;

void Work() {
  may_start.wait();
  ++steps;
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread worker = scenario::Start("worker", Work);
  may_start.count_down();
  worker.join();
}
