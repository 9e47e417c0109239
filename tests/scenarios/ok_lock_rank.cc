// Locks have ranks and are taken upwards; only try_lock, which does not wait, goes down.
#include "tests/scenarios/lib.h"

namespace {

lib::mutex table{"table", lib::lock_rank{1}};
lib::mutex row{"row", lib::lock_rank{2}};
int rows = 1;

void AddRow() {
  std::lock_guard holds_table(table);
  std::lock_guard holds_row(row);
  ++rows;
}

void RemoveRow() {
  std::lock_guard holds_row(row);
  std::unique_lock holds_table(table, std::try_to_lock);
  if (holds_table.owns_lock()) --rows;
}

}  // namespace

int main() {
  scenario::Session session;
  AddRow();
  scenario::Start("remover", RemoveRow).join();
}
