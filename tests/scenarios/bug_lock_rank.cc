// Locks have ranks, and one path takes two of them downwards. No other thread comes in between.
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
  std::lock_guard holds_table(table);
  --rows;
}

}  // namespace

int main() {
  scenario::Session session;
  AddRow();
  scenario::Start("remover", RemoveRow).join();
}
