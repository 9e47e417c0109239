// std::latch, seen by the detector: a count that goes down once, and threads that wait for zero.
//
//   detect::latch ready(3, "ready");
//   ready.count_down();                 // three of these …
//   ready.wait();                       // … let this return
//
// Anyone may count down, so a wait here is never more than suspected. wait() is interruptible: in a
// thread that was interrupted and has to wait it throws detect::interrupted. What arrive_and_wait()
// has counted stays counted then.
//
// As with std's, the thread for which wait() returned may destroy it while the last count_down() is
// still on its way out.
//
// Context: hot. Memory: 8 bytes. Cost: count_down, one subtraction.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libdetect/recorder/events.h"
#include "libdetect/sync/block.h"
#include "libdetect/sync/futex.h"

namespace detect {

class latch {
 public:
  // Requires: 0 <= expected <= max().
  constexpr explicit latch(ptrdiff_t expected) noexcept : state_(static_cast<uint32_t>(expected)) {}
  // The name is copied.
  latch(ptrdiff_t expected, const char* name);
  constexpr ~latch() {
    if (named_) recorder::ResourceDestroyed(this);
  }
  latch(const latch&) = delete;
  latch& operator=(const latch&) = delete;

  static constexpr ptrdiff_t max() noexcept { return kCount; }

  // Requires, of both: no more than what is left of the count.
  [[gnu::always_inline]] void count_down(ptrdiff_t count = 1) {
    if constexpr (!recorder::kEnabled) return Count(count);
    CountRecorded(count);
  }
  void arrive_and_wait(ptrdiff_t count = 1);

  [[nodiscard]] bool try_wait() const noexcept {
    return (state_.load(std::memory_order_acquire) & kCount) == 0;  // with count_down
  }
  void wait() const;

 private:
  // The state: what is left to count, and a bit for that threads sleep. The upper byte is Poke's.
  static constexpr uint32_t kSleepers = 1u << 23;
  static constexpr uint32_t kCount = kSleepers - 1;

  [[gnu::always_inline]] void Count(ptrdiff_t count) {
    const uint32_t by = static_cast<uint32_t>(count);
    const uint32_t before = state_.fetch_sub(by, std::memory_order_release);
    // Only the word's address from here on.
    if ((before & kSleepers) != 0 && (before & kCount) == by) {
      sync::FutexWake(state_, sync::kAllSleepers);
    }
  }
  void CountRecorded(ptrdiff_t count);
  void Wait(recorder::Caller caller) const;

  mutable sync::FutexWord state_;
  const bool named_ = false;
};

}  // namespace detect
