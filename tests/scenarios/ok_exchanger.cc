// As bug_exchanger, but the third waits no longer than it can afford.
#include <chrono>

#include "tests/scenarios/lib.h"

namespace {

lib::exchanger<int> buffers;

void Swap(int mine) { buffers.exchange(mine); }

void TrySwap(int mine) { (void)buffers.try_exchange_for(mine, std::chrono::milliseconds(1)); }

}  // namespace

int main() {
  scenario::Session session;
  lib::thread left = scenario::Start("left", [] { Swap(1); });
  lib::thread right = scenario::Start("right", [] { Swap(2); });
  left.join();
  right.join();
  lib::thread late = scenario::Start("late", [] { TrySwap(3); });
  late.join();
}
