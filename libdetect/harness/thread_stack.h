// StackOf shows where another thread of this process is right now, whatever it is doing.
//
//   caller ──signal──► the thread, in its handler: unwinds itself from where it was interrupted
//          ◄──addresses──┘
//
// For threads that are stuck already: the signal ends a system call that is not restarted, which
// a healthy program may notice. It is a real-time signal that the program has no handler for; ours
// stays for good, so that one that comes late does no harm.
//
// Context: tool. Threads: any, one at a time.
#pragma once

#include <cstdint>
#include <vector>

namespace detect {

// Returns return addresses, innermost first, or nothing where the thread does not answer: it has
// ended, or blocks all signals. Blocks: for at most 200 ms.
std::vector<uint64_t> StackOf(int32_t tid);

}  // namespace detect
