// Guards against what an operation must not do, and what would end a test without a word: it forks,
// or calls exit.
//
// Context: tool. Threads: any.
#pragma once

#include "libdetect/harness/contended.h"

namespace detect {

// The calling thread is inside an operation of `run` while this lives: Forked, BecameChild and
// Exits of the run are called in it where that happens.
class ScopedOperation {
 public:
  ScopedOperation(ContendedRun& run, const Contender& self);
  ~ScopedOperation();
  ScopedOperation(const ScopedOperation&) = delete;
  ScopedOperation& operator=(const ScopedOperation&) = delete;
};

}  // namespace detect
