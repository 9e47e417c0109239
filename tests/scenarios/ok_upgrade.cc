// As bug_upgrade, but each stops reading before it writes.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::shared_mutex settings;
std::latch both_read(2);

void ReadThenWrite() {
  settings.lock_shared();
  both_read.arrive_and_wait();
  settings.unlock_shared();
  settings.lock();
  settings.unlock();
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread first(ReadThenWrite);
  lib::thread second(ReadThenWrite);
  first.join();
  second.join();
}
