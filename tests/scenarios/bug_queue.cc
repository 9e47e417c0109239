// Two threads deadlock; three customers merely queue behind them, and are no part of the cycle.
#include <latch>
#include <vector>

#include "tests/scenarios/lib.h"

namespace {

lib::mutex accounts;
lib::mutex audit;
std::latch each_holds_one(2);
scenario::BlockingPoint customer_waits[3];

void Write() {
  std::lock_guard hold_accounts(accounts);
  each_holds_one.arrive_and_wait();
  for (const scenario::BlockingPoint& point : customer_waits) point.AwaitBlocked();
  std::lock_guard hold_audit(audit);  // blocks
}

void Audit() {
  std::lock_guard hold_audit(audit);
  each_holds_one.arrive_and_wait();
  std::lock_guard hold_accounts(accounts);  // blocks
}

void Order(scenario::BlockingPoint& waits) {
  each_holds_one.wait();
  waits.Enter(accounts);
  std::lock_guard hold_accounts(accounts);
}

}  // namespace

int main() {
  scenario::Session session;
  std::vector<lib::thread> threads;
  threads.push_back(scenario::Start("writer", Write));
  threads.push_back(scenario::Start("auditor", Audit));
  for (scenario::BlockingPoint& point : customer_waits) {
    threads.push_back(scenario::Start("customer", [&point] { Order(point); }));
  }
  for (lib::thread& thread : threads) thread.join();
}
