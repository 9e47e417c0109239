// The kernel's part in blocking: sleep while a word has a value, wake those who sleep on it.
//
// Futexes are private to the process. Both keep errno, as the lock calls of the C library do.
//
// Context: hot, where it is going to sleep anyway. Signal-safe: yes.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "libdetect/sync/deadline.h"

namespace detect::sync {

using FutexWord = std::atomic<uint32_t>;
static_assert(sizeof(FutexWord) == 4 && FutexWord::is_always_lock_free);

// Sleepers of one word that are woken apart say so by different bits.
inline constexpr uint32_t kAnySleeper = std::numeric_limits<uint32_t>::max();
inline constexpr int kAllSleepers = std::numeric_limits<int>::max();

// Sleeps while `word` is `expected`; may also return early. `deadline` may be null.
// Returns false when the deadline has passed and nobody woke the caller.
bool FutexWait(const FutexWord& word, uint32_t expected, const Deadline* deadline = nullptr,
               uint32_t bits = kAnySleeper);

// Wakes at most `count` of those who sleep on `word` with any of `bits`, in the order in which they
// came, and returns how many. Only the word's address is used: it may be gone already, as the lock
// in it is once it was given back.
int FutexWake(const FutexWord& word, int count, uint32_t bits = kAnySleeper);

}  // namespace detect::sync
