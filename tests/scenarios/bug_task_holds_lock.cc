// A task leaves early, with a lock that it took by hand.
#include "tests/scenarios/lib.h"

namespace {

detect::mutex accounts("accounts");
int balance = 0;

void Withdraw(int amount) {
  accounts.lock();
  if (amount > balance) return;
  balance -= amount;
  accounts.unlock();
}

}  // namespace

int main() {
  scenario::Session session;
  detect::thread_pool pool = detect::thread_pool::single({.name = "bank"});
  pool.submit(Withdraw, 100).get();
}
