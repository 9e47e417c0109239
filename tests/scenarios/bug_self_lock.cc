// A function that holds a mutex calls another that takes the same one.
#include "tests/scenarios/lib.h"

namespace {

lib::mutex ledger;
int entries = 0;

void AddOne() {
  std::lock_guard hold(ledger);  // blocks
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
  AddTwo();
}
