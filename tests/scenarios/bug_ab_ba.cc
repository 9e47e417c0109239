// Two threads take two locks in opposite order; each holds what the other wants.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::mutex accounts;
lib::mutex audit;
std::latch each_holds_one(2);

void Write() {
  std::lock_guard hold_accounts(accounts);
  each_holds_one.arrive_and_wait();
  std::lock_guard hold_audit(audit);  // blocks
}

void Audit() {
  std::lock_guard hold_audit(audit);
  each_holds_one.arrive_and_wait();
  std::lock_guard hold_accounts(accounts);  // blocks
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread writer = scenario::Start("writer", Write);
  lib::thread auditor = scenario::Start("auditor", Audit);
  writer.join();
  auditor.join();
}
