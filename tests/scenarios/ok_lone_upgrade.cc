// As bug_lone_upgrade, but it stops reading before it writes, and so does a second thread.
#include "tests/scenarios/lib.h"

namespace {

lib::shared_mutex settings;

void Write() {
  settings.lock();
  settings.unlock();
}

void ReadThenWrite() {
  settings.lock_shared();
  settings.unlock_shared();
  Write();
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread other(ReadThenWrite);
  ReadThenWrite();
  other.join();
}
