// FutexLock is a lock in one word, that nobody records: what OwnedLock is made of, and what guards
// data of our own.
//
//   free ──lock──► held ──another waits──► contended          unlock: held → free
//                                              └──unlock──► free, and one sleeper woken
//
// A woken thread takes the lock as contended, because it cannot know who else sleeps; at worst an
// unlock wakes nobody. Source: U. Drepper, "Futexes Are Tricky", section 5.
//
// Context: hot. Cost: uncontended, one compare-exchange to lock, one subtraction to unlock.
#pragma once

#include <atomic>
#include <cstdint>

#include "libdetect/sync/block.h"
#include "libdetect/sync/futex.h"

namespace detect::sync {

class FutexLock {
 public:
  constexpr FutexLock() noexcept = default;

  bool TryLock() {
    uint32_t seen = kFree;
    // Once; twice where the word was poked and is therefore not all zero.
    while (!word_.compare_exchange_strong(seen, seen | kHeld, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
      if ((seen & kStateMask) != kFree) return false;
    }
    return true;
  }

  // Blocks until the lock is taken, and returns kLookAgain; or else why it gave up.
  Awoken LockOrGiveUp(const BlockOptions& options);

  void lock() {
    if (!TryLock()) LockOrGiveUp({});
  }

  // Once the lock is free, only its address is used: whoever takes it next may destroy it.
  void unlock() {
    const uint32_t before = word_.fetch_sub(1, std::memory_order_release);
    if ((before & kStateMask) != kHeld) [[unlikely]] {
      UnlockContended();
    }
  }

 private:
  // The word's lowest bits. The upper byte is Poke's.
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;
  static constexpr uint32_t kContended = 2;  // held, and others may sleep on the word
  static constexpr uint32_t kStateMask = 3;

  void UnlockContended();

  FutexWord word_{kFree};
};

}  // namespace detect::sync
