// As bug_timed_cycle, but both take the locks in the same order: a timed wait and no cycle.
#include <chrono>
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::timed_mutex accounts;
lib::timed_mutex audit;
std::latch auditor_holds(1);
scenario::BlockingPoint writer_waits;

bool written = false;

void Write() {
  auditor_holds.wait();
  writer_waits.Enter(accounts);
  std::unique_lock hold_accounts(accounts, std::chrono::seconds(30));
  std::unique_lock hold_audit(audit, std::chrono::seconds(30));
  written = hold_accounts.owns_lock() && hold_audit.owns_lock();
}

void Audit() {
  std::lock_guard hold_accounts(accounts);
  std::lock_guard hold_audit(audit);
  auditor_holds.count_down();
  writer_waits.AwaitBlocked();
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread writer = scenario::Start("patient writer", Write);
  lib::thread auditor = scenario::Start("auditor", Audit);
  writer.join();
  auditor.join();
  return written ? 0 : 1;
}
