// As bug_self_lock, but the mutex is a recursive one, and two threads take turns.
#include "tests/scenarios/lib.h"

namespace {

lib::recursive_mutex ledger;
int entries = 0;

void AddOne() {
  std::lock_guard hold(ledger);
  ++entries;
}

void AddTwo() {
  std::lock_guard hold(ledger);
  AddOne();
  AddOne();
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread other(AddTwo);
  AddTwo();
  other.join();
  return entries == 4 ? 0 : 1;
}
