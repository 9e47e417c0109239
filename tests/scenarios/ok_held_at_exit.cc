// A thread returns early, and its guard releases the lock.
#include "tests/scenarios/lib.h"

namespace {

lib::mutex accounts{"accounts"};
int balance = 0;

void Withdraw(int amount) {
  std::lock_guard hold(accounts);
  if (amount > balance) return;
  balance -= amount;
}

}  // namespace

int main() {
  scenario::Session session;
  scenario::Start("withdrawal", [] { Withdraw(1); }).join();
}
