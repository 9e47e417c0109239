// BlockOn is the one place where a thread of the program sleeps in a call of ours, and MakeVictim
// the one way to get it out again.
//
//   lock() ─► BlockOn(word, …) ─► futex
//                 ▲
//   MakeVictim ───┴── changes the word by kPoke, wakes all its sleepers: one gives up, the others
//                     look again
//
// The upper byte of each word that a thread sleeps on belongs to MakeVictim; the lower three belong
// to whoever owns the word. Because a poke changes the word, a thread that has not quite fallen
// asleep does not miss it.
//
// Context: hot, where it is going to sleep anyway; MakeVictim: monitor.
#pragma once

#include <cstdint>

#include "libdetect/recorder/region.h"
#include "libdetect/sync/deadline.h"
#include "libdetect/sync/futex.h"

namespace detect::sync {

// What stands for a thread as the owner of a lock; 0 where it is not recorded.
inline int32_t TidOf(const recorder::ThreadSlot* slot) {
  return slot == nullptr ? 0 : slot->tid.load(std::memory_order_relaxed);
}

inline constexpr uint32_t kPoke = 1u << 24;

enum class Awoken : uint8_t {
  kLookAgain,  // by a wake-up, or for no reason
  kTimedOut,   // and by nobody: no wake-up is lost by giving up
  kVictim,     // by MakeVictim; all other sleepers of the word were woken, too
};

struct BlockOptions {
  const Deadline* deadline = nullptr;
  uint32_t bits = kAnySleeper;
  // The caller's own slot where it may be made a victim; null where it may not, or is not recorded.
  const recorder::ThreadSlot* victim = nullptr;
};

// Sleeps while `word` is `expected`.
Awoken BlockOn(FutexWord& word, uint32_t expected, const BlockOptions& options = {});

// Makes the BlockOn that the thread with that number sleeps in return kVictim. Returns false where
// it does not sleep in one that allows it.
bool MakeVictim(uint32_t thread_number);

// What lock() does with kVictim: throws std::system_error(resource_deadlock_would_occur).
[[noreturn]] void ThrowVictim();

}  // namespace detect::sync
