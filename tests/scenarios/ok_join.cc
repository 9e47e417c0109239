// As bug_join, but main lets go of the lock before it joins.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::mutex state;
std::latch main_holds(1);

void Work() {
  main_holds.wait();
  std::lock_guard hold(state);
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread worker = scenario::Start("worker", Work);
  std::unique_lock hold(state);
  main_holds.count_down();
  hold.unlock();
  worker.join();
}
