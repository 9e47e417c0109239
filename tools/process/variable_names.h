// VariableNames names what lies inside a module's global variables, by DWARF.
//
//   bank+40  ─►  type of bank  ─►  .branches  ─►  [3]  ─►  .mu        "bank.branches[3].mu"
//
// The walk ends at whatever calls itself a lock, so that a std::mutex is named as the user did.
//
// Context: tool. Threads: one at a time. Cost: one pass over the module's global DIEs, at first
// use.
#pragma once

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace detect {

class VariableNames {
 public:
  explicit VariableNames(Dwfl_Module* module);

  // Returns what stands `offset` bytes into the variable at `address`, as it follows the variable's
  // name: ".accounts_mu", "[2]", "" for the variable as a whole. Nullopt when DWARF does not tell.
  std::optional<std::string> PathInto(uint64_t address, uint64_t offset) const;

 private:
  void AddChildren(Dwarf_Die* parent, Dwarf_Addr bias);

  Dwarf* dwarf_ = nullptr;
  std::unordered_map<uint64_t, Dwarf_Off> variables_;  // by address in the process
};

}  // namespace detect
