// A worker waits for a latch that only main would count down, and main waits for the worker.
#include "tests/scenarios/lib.h"

namespace {

lib::latch may_start{1};
int steps = 0;

void Work() {
  may_start.wait();  // blocks
  ++steps;
}

}  // namespace

int main() {
  scenario::Session session(scenario::Session::EndsWhenSuspected{});
  lib::thread worker = scenario::Start("worker", Work);
  worker.join();  // blocks
  may_start.count_down();
}
