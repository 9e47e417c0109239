// Fingerprint: the name of a bug, the same in every run and build that shows it.
//
//   writer: accounts then audit   ─┐   the same ring entered      ┌─  auditor: audit then accounts
//   auditor: audit then accounts  ─┘   by the other thread        └─  writer: accounts then audit
//                         both give 3f0c2a…
//
// It depends on the rule, and per step on the lock and the functions, in the order of the cycle.
// It does not depend on where the cycle starts, nor on addresses, source lines, or threads.
//
// Context: monitor or tool. Threads: pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace detect {

// One step of a cycle, in words that outlive the run.
struct FingerprintStep {
  std::string lock;         // what the step waits for
  std::string acquired_in;  // the function that took what the step before waits for
  std::string waits_in;     // the function that waits

  auto operator<=>(const FingerprintStep&) const = default;
};

// Returns 16 hex digits. Cost: linear in the steps.
std::string Fingerprint(std::string_view rule, const std::vector<FingerprintStep>& cycle);

}  // namespace detect
