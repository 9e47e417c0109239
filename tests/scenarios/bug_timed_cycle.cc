// A cycle in which one thread waits with a deadline: it costs a second, and then is gone.
#include <chrono>
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::timed_mutex accounts;
lib::timed_mutex audit;
std::latch each_holds_one(2);

void Write() {
  std::lock_guard hold_accounts(accounts);
  each_holds_one.arrive_and_wait();
  // Here the time is the point: several scans look at the cycle before it ends.
  if (audit.try_lock_for(std::chrono::seconds(1))) audit.unlock();  // blocks
}

void Audit() {
  std::lock_guard hold_audit(audit);
  each_holds_one.arrive_and_wait();
  std::lock_guard hold_accounts(accounts);  // blocks
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread writer = scenario::Start("patient writer", Write);
  lib::thread auditor = scenario::Start("auditor", Audit);
  writer.join();
  auditor.join();
}
