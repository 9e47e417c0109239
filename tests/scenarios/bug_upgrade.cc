// Two readers each want to write what both are reading, and neither lets go.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::shared_mutex settings;
std::latch both_read(2);

void ReadThenWrite() {
  settings.lock_shared();
  both_read.arrive_and_wait();
  settings.lock();  // blocks
  settings.unlock();
  settings.unlock_shared();
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread first(ReadThenWrite);
  lib::thread second(ReadThenWrite);
  first.join();
  second.join();
}
