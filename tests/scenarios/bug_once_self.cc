// An initialiser needs what it is about to make.
#include "tests/scenarios/lib.h"

namespace {

lib::once_flag tables_made;

void MakeTables();

void NeedTables() {
  lib::call_once(tables_made, MakeTables);  // blocks
}

void MakeTables() { NeedTables(); }

}  // namespace

int main() {
  scenario::Session session;
  NeedTables();
}
