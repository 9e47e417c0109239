// GuardedCopy reads memory that someone else may take away in the middle.
//
// A region file that is truncated while it is mapped answers the next read with SIGBUS. A process
// that reads such files calls EnableGuardedCopy once; the copy then fails instead.
//
// Context: monitor. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>

namespace detect {

// Set by EnableGuardedCopy, for good.
extern constinit bool g_copies_are_guarded;

// Installs a SIGBUS handler for the rest of this process's life. Only for processes that are ours:
// never call it inside somebody else's program.
void EnableGuardedCopy();

// Reads each word at once: the writer's stores are atomic too; see Ordering in recorder/region.h.
inline void CopyWords(const void* from, void* to, size_t words) {
  const auto* source = static_cast<const uint64_t*>(from);
  auto* target = static_cast<uint64_t*>(to);
  for (size_t i = 0; i < words; ++i) target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

bool GuardedCopySlow(const void* from, void* to, size_t words);

// Copies `words` 64-bit words. Returns false when the memory is gone. Inline for the monitor inside
// a program, whose memory nobody takes away.
inline bool GuardedCopy(const void* from, void* to, size_t words) {
  if (g_copies_are_guarded) return GuardedCopySlow(from, to, words);
  CopyWords(from, to, words);
  return true;
}

}  // namespace detect
