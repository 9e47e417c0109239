// As bug_lost_wake_up, but the worker looks first.
#include "tests/scenarios/lib.h"

namespace {

lib::mutex m;
lib::condition_variable ready;
lib::latch is_notified{1};
bool is_ready = false;

void Work() {
  is_notified.wait();
  std::unique_lock hold(m);
  ready.wait(hold, [] { return is_ready; });
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread worker = scenario::Start("worker", Work);
  {
    std::lock_guard hold(m);
    is_ready = true;
  }
  ready.notify_one();
  is_notified.count_down();
  worker.join();
}
