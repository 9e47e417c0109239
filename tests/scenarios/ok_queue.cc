// As bug_queue, but the customers queue behind a thread that merely holds the lock for long.
#include <chrono>
#include <latch>
#include <vector>

#include "tests/scenarios/lib.h"

namespace {

lib::mutex accounts;
std::latch writer_holds(1);
scenario::BlockingPoint customer_waits[3];

void Write() {
  std::lock_guard hold_accounts(accounts);
  writer_holds.count_down();
  for (const scenario::BlockingPoint& point : customer_waits) point.AwaitBlocked();
  // Here the time is the point: several scans look at the queue.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
}

void Order(scenario::BlockingPoint& waits) {
  writer_holds.wait();
  waits.Enter(accounts);
  std::lock_guard hold_accounts(accounts);
}

}  // namespace

int main() {
  scenario::Session session;
  std::vector<lib::thread> threads;
  threads.push_back(scenario::Start("writer", Write));
  for (scenario::BlockingPoint& point : customer_waits) {
    threads.push_back(scenario::Start("customer", [&point] { Order(point); }));
  }
  for (lib::thread& thread : threads) thread.join();
}
