#include "libdetect/sync/futex_lock.h"

namespace detect::sync {

Awoken FutexLock::LockOrGiveUp(const BlockOptions& options) {
  uint32_t seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    const uint32_t state = seen & kStateMask;
    const uint32_t contended = (seen & ~kStateMask) | kContended;
    // Either takes the free lock, or announces to its owner that somebody sleeps.
    if (state != kContended &&
        !word_.compare_exchange_weak(seen, contended, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      continue;
    }
    if (state == kFree) return Awoken::kLookAgain;
    const Awoken why = BlockOn(word_, contended, options);
    if (why != Awoken::kLookAgain) return why;
    seen = word_.load(std::memory_order_relaxed);
  }
}

void FutexLock::UnlockContended() {
  // Contended less one is held: the lock is still the caller's, and only now given back.
  word_.fetch_and(~kStateMask, std::memory_order_release);
  FutexWake(word_, 1);
}

}  // namespace detect::sync
