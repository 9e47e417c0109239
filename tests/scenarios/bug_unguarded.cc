// A helper that says its caller holds the lock is called by one that does not.
#include <map>

#include "tests/scenarios/lib.h"

namespace {

lib::guarded<std::map<int, int>> accounts;

void MoveLocked(int from, int to) {
  std::map<int, int>& all = accounts.unguarded();
  --all[from];
  ++all[to];
}

void Move() {
  const auto access = accounts.lock();
  MoveLocked(1, 2);
}

void MoveInAHurry() { MoveLocked(2, 1); }

}  // namespace

int main() {
  scenario::Session session;
  Move();
  scenario::Start("hurry", MoveInAHurry).join();
}
