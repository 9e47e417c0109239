// As bug_ab_ba, but both threads take the locks in the same order: one waits, but not for ever.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::mutex accounts;
lib::mutex audit;
std::latch writer_holds(1);
scenario::BlockingPoint auditor_waits;

void Write() {
  std::lock_guard hold_accounts(accounts);
  writer_holds.count_down();
  auditor_waits.AwaitBlocked();
  std::lock_guard hold_audit(audit);
}

void Audit() {
  writer_holds.wait();
  auditor_waits.Enter(accounts);
  std::lock_guard hold_accounts(accounts);
  std::lock_guard hold_audit(audit);
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread writer = scenario::Start("writer", Write);
  lib::thread auditor = scenario::Start("auditor", Audit);
  writer.join();
  auditor.join();
}
