// A thread returns early and forgets its lock.
#include "tests/scenarios/lib.h"

namespace {

lib::mutex accounts{"accounts"};
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
  scenario::Start("withdrawal", [] { Withdraw(1); }).join();
}
