// Two initialisers run, and each needs what the other is about to make.
#include "tests/scenarios/lib.h"

namespace {

lib::once_flag config_read;
lib::once_flag log_opened;
lib::latch both_run{2};

void ReadConfig() {
  both_run.arrive_and_wait();
  lib::call_once(log_opened, [] {});  // blocks
}

void OpenLog() {
  both_run.arrive_and_wait();
  lib::call_once(config_read, [] {});  // blocks
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread reader = scenario::Start("reader", [] { lib::call_once(config_read, ReadConfig); });
  lib::thread opener = scenario::Start("opener", [] { lib::call_once(log_opened, OpenLog); });
  reader.join();
  opener.join();
}
