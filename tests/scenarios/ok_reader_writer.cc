// As bug_reader_writer, but the holder of the journal only reads the table: readers share it.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::shared_mutex table;
lib::mutex journal;
std::latch each_holds_one(2);

void Query() {
  std::shared_lock hold_table(table);
  each_holds_one.arrive_and_wait();
  std::lock_guard hold_journal(journal);
}

void Commit() {
  std::lock_guard hold_journal(journal);
  each_holds_one.arrive_and_wait();
  std::shared_lock hold_table(table);
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread reader = scenario::Start("reader", Query);
  lib::thread committer = scenario::Start("committer", Commit);
  reader.join();
  committer.join();
}
