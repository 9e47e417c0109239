// As bug_once_self, but the initialiser fails, and what it needs is made by the next one.
#include <stdexcept>

#include "tests/scenarios/lib.h"

namespace {

lib::once_flag tables_made;

void FailToMakeTables() { throw std::runtime_error("no memory"); }

void MakeTables() {}

}  // namespace

int main() {
  scenario::Session session;
  try {
    lib::call_once(tables_made, FailToMakeTables);
  } catch (const std::runtime_error&) {
  }
  lib::call_once(tables_made, MakeTables);
}
