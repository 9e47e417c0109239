// A reader of a table wants the journal, whose holder wants to write the table.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::shared_mutex table;
lib::mutex journal;
std::latch each_holds_one(2);

void Query() {
  std::shared_lock hold_table(table);
  each_holds_one.arrive_and_wait();
  std::lock_guard hold_journal(journal);  // blocks
}

void Commit() {
  std::lock_guard hold_journal(journal);
  each_holds_one.arrive_and_wait();
  std::unique_lock hold_table(table);  // blocks
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread reader = scenario::Start("reader", Query);
  lib::thread committer = scenario::Start("committer", Commit);
  reader.join();
  committer.join();
}
