// Two threads hold one of two permits each, and each needs another one. Only who took a permit
// releases one, so that a third thread, which runs, cannot help them.
#include "tests/scenarios/lib.h"

namespace {

lib::counting_semaphore<2> buffers{2, "buffers", detect::ReleasedBy::kTakers};
lib::latch each_holds_one{2};

void Copy() {
  buffers.acquire();
  each_holds_one.arrive_and_wait();
  buffers.acquire();  // blocks
  buffers.release(2);
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread reader = scenario::Start("reader", Copy);
  lib::thread writer = scenario::Start("writer", Copy);
  for (;;) sched_yield();
}
