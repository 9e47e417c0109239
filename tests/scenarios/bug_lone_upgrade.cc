// The only thread of a program wants to write what it is reading.
#include "tests/scenarios/lib.h"

namespace {

lib::shared_mutex settings;

void Write() {
  settings.lock();  // blocks
  settings.unlock();
}

}  // namespace

int main() {
  scenario::Session session;
  settings.lock_shared();
  Write();
  settings.unlock_shared();
}
