// TestFramework is how a test framework takes part in contended runs: what its assertions say in
// our threads, and a test whose operation calls exit.
//
//   a thread of a round ─► CatchAssertions ─► scope: assertions of this thread go to Take()
//   exit() in an operation ─► on_exit: write down what there is ─► the process ends
//
// Context: tool. Threads: set once, before the first run; read by any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libdetect/harness/contended.h"

namespace detect {

class AssertionScope {
 public:
  virtual ~AssertionScope() = default;
  // Moves to `failures` what failed in this thread since the last time.
  virtual void Take(std::vector<ContendedFailure>& failures) = 0;
};

struct TestFramework {
  // Catches assertions of the calling thread while what it returns lives.
  std::unique_ptr<AssertionScope> (*catch_assertions)() = nullptr;
  // Told in the thread that calls exit; the process ends when it returns.
  void (*on_exit)(const std::string& what) = nullptr;
};
void SetTestFramework(const TestFramework& framework);

// Returns null where no framework catches any.
std::unique_ptr<AssertionScope> CatchAssertions();
// What the framework does, else one line on stderr.
void TellExit(const std::string& what);

}  // namespace detect
