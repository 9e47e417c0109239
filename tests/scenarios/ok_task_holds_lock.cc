// As bug_task_holds_lock, but a lock_guard takes the lock.
#include "tests/scenarios/lib.h"

namespace {

detect::mutex accounts("accounts");
int balance = 0;

void Withdraw(int amount) {
  std::lock_guard hold(accounts);
  if (amount > balance) return;
  balance -= amount;
}

}  // namespace

int main() {
  scenario::Session session;
  detect::thread_pool pool = detect::thread_pool::single({.name = "bank"});
  pool.submit(Withdraw, 100).get();
}
