// Three threads come to swap buffers: the third finds nobody.
#include "tests/scenarios/lib.h"

namespace {

lib::exchanger<int> buffers;

void Swap(int mine) {
  buffers.exchange(mine);  // blocks
}

}  // namespace

int main() {
  scenario::Session session(scenario::Session::EndsWhenSuspected{});
  lib::thread left = scenario::Start("left", [] { Swap(1); });
  lib::thread right = scenario::Start("right", [] { Swap(2); });
  left.join();
  right.join();
  lib::thread late = scenario::Start("late", [] { Swap(3); });
  late.join();  // blocks
}
