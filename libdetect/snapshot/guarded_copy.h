// GuardedCopy reads memory that someone else may take away in the middle.
//
// A region file that is truncated while it is mapped answers the next read with SIGBUS. A process
// that reads such files calls EnableGuardedCopy once; the copy then fails instead.
//
// Context: monitor. Threads: any.
#pragma once

#include <cstddef>

namespace detect {

// Installs a SIGBUS handler for the rest of this process's life. Only for processes that are ours:
// never call it inside somebody else's program.
void EnableGuardedCopy();

// Copies `words` 64-bit words, each read at once. Returns false when the memory is gone.
bool GuardedCopy(const void* from, void* to, size_t words);

}  // namespace detect
