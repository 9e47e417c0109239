// As bug_once_pair, but only one of the two needs the other.
#include "tests/scenarios/lib.h"

namespace {

lib::once_flag config_read;
lib::once_flag log_opened;
lib::latch both_run{2};

void ReadConfig() {
  both_run.arrive_and_wait();
  lib::call_once(log_opened, [] {});
}

void OpenLog() { both_run.arrive_and_wait(); }

}  // namespace

int main() {
  scenario::Session session;
  lib::thread reader = scenario::Start("reader", [] { lib::call_once(config_read, ReadConfig); });
  lib::thread opener = scenario::Start("opener", [] { lib::call_once(log_opened, OpenLog); });
  reader.join();
  opener.join();
}
