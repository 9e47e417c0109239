// main notifies before the worker waits, and the worker does not look whether it still has to.
#include "tests/scenarios/lib.h"

namespace {

lib::mutex m;
lib::condition_variable ready;
lib::latch is_notified{1};

void Work() {
  is_notified.wait();
  std::unique_lock hold(m);
  ready.wait(hold);  // blocks
}

}  // namespace

int main() {
  scenario::Session session(scenario::Session::EndsWhenSuspected{});
  lib::thread worker = scenario::Start("worker", Work);
  ready.notify_one();
  is_notified.count_down();
  worker.join();  // blocks
}
