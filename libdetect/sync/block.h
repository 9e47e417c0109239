// BlockOn is the one place where a thread of the program sleeps in a call of ours; MakeVictim and
// Interruption::Request are the two ways to get it out again.
//
//   lock() ─► BlockOn(word, …) ─► futex
//                 ▲
//   MakeVictim ───┴── pokes the word, which wakes all its sleepers: one gives up, the others look
//   Request ──────┘   again
//
// The upper byte of each word that a thread sleeps on belongs to Poke; the lower three belong to
// whoever owns the word. Because a poke changes the word, a thread that has not quite fallen asleep
// does not miss it.
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
  // By MakeVictim; all other sleepers of the word were woken, too.
  kVictim,
  // The same by an interruption; or one was pending, and the caller did not sleep. It stays pending
  // until ThrowInterrupted: who finds that it got what it waited for returns, and loses nothing.
  kInterrupted,
};

struct BlockOptions {
  const Deadline* deadline = nullptr;
  uint32_t bits = kAnySleeper;
  // The caller's own slot where it may be made a victim; null where it may not, or is not recorded.
  const recorder::ThreadSlot* victim = nullptr;
  // Whether an interruption of the calling thread ends the sleep.
  bool interruptible = false;
};

// Sleeps while `word` is `expected`.
Awoken BlockOn(FutexWord& word, uint32_t expected, const BlockOptions& options = {});

// Changes the word by kPoke and wakes all who sleep on it.
void Poke(FutexWord& word);

// Makes the BlockOn that the thread with that number sleeps in return kVictim. Returns false where
// it does not sleep in one that allows it.
bool MakeVictim(uint32_t thread_number);

// What lock() does with kVictim: throws std::system_error(resource_deadlock_would_occur).
[[noreturn]] void ThrowVictim();

// What a wait does with kInterrupted: takes the calling thread's interruption and throws
// detect::interrupted.
[[noreturn]] void ThrowInterrupted();

// The same where an interruption is pending: for a wait that turns out to be none.
void ThrowIfInterrupted();

}  // namespace detect::sync
