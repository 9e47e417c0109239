// As bug_semaphore_owned, but there is a third permit, so that one of the two can go on.
#include "tests/scenarios/lib.h"

namespace {

lib::counting_semaphore<3> buffers{3, "buffers", detect::ReleasedBy::kTakers};
lib::latch each_holds_one{2};

void Copy() {
  buffers.acquire();
  each_holds_one.arrive_and_wait();
  buffers.acquire();
  buffers.release(2);
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread reader = scenario::Start("reader", Copy);
  lib::thread writer = scenario::Start("writer", Copy);
  reader.join();
  writer.join();
}
