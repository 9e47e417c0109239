// std::counting_semaphore and std::binary_semaphore, seen by the detector.
//
//   detect::counting_semaphore<8> connections(8, "connections");
//   connections.acquire();  …  connections.release();
//
// A thread that took a permit is recorded as holding it until it gives one back, so that a report
// can say who has those that others wait for. Where a thread releases what it never took, permits
// are signals, not possessions: from then on nobody is recorded as holding one. Anyone may release,
// so a wait here is never more than suspected; unless the program says that nobody else does:
//
//   detect::counting_semaphore<2> buffers(2, "buffers", detect::ReleasedBy::kTakers);
//
// Then threads that hold all permits and wait for more are a proven deadlock, as with mutexes.
//
// acquire() and the timed tries are interruptible: in a thread that was interrupted and has to wait
// they throw detect::interrupted, without a permit.
//
// As with std's, the thread that got the permit may destroy the semaphore while release() is still
// on its way out.
//
// Context: hot. Memory: 16 bytes. Cost: uncontended, one compare-exchange and the record.
#pragma once

#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "libdetect/recorder/events.h"
#include "libdetect/sync/block.h"
#include "libdetect/sync/deadline.h"
#include "libdetect/sync/futex.h"

namespace detect {

// Who gives permits back.
enum class ReleasedBy : uint8_t { kAnyone, kTakers };

namespace sync {

// All but the number in the type.
class Semaphore {
 public:
  constexpr explicit Semaphore(ptrdiff_t permits, ReleasedBy givers = ReleasedBy::kAnyone) noexcept
      : state_(static_cast<uint64_t>(permits) * kPermit),
        initial_(static_cast<uint32_t>(permits)),
        givers_(givers) {}
  // The name is copied.
  Semaphore(ptrdiff_t permits, const char* name, ReleasedBy givers = ReleasedBy::kAnyone);
  ~Semaphore();
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  void acquire();
  [[nodiscard]] [[gnu::always_inline]] bool try_acquire() noexcept {
    if constexpr (!recorder::kEnabled) return TryTake();
    return TryAcquireRecorded();
  }
  [[gnu::always_inline]] void release(ptrdiff_t count = 1) {
    if constexpr (!recorder::kEnabled) return Give(count);
    ReleaseRecorded(count);
  }

  template <typename Rep, typename Period>
  [[nodiscard]] bool try_acquire_for(const std::chrono::duration<Rep, Period>& duration) {
    // Here, and in the next one, before any clock is read.
    if constexpr (!recorder::kEnabled) {
      if (TryTake()) return true;
    }
    return TryAcquireUntil(sync::DeadlineAfter(duration));
  }

  template <typename Clock, typename Duration>
  [[nodiscard]] bool try_acquire_until(const std::chrono::time_point<Clock, Duration>& time) {
    if constexpr (!recorder::kEnabled) {
      if (TryTake()) return true;
    }
    return sync::AttemptUntil(
        time, [this](const sync::Deadline& deadline) { return TryAcquireUntil(deadline); });
  }

 private:
  // The state: free permits in the upper half; in the lower one, on which threads sleep, a bit for
  // that some do. See the source.
  static constexpr uint64_t kSleepers = 1;
  static constexpr uint64_t kPermit = uint64_t{1} << 32;

  bool TryTake() {
    uint64_t state = state_.load(std::memory_order_relaxed);
    while (state >= kPermit) {
      if (state_.compare_exchange_weak(state, state - kPermit, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }
  void Give(ptrdiff_t count) {
    if (count == 0) return;
    uint64_t state = state_.load(std::memory_order_relaxed);
    const uint64_t given = static_cast<uint64_t>(count) * kPermit;
    while (!state_.compare_exchange_weak(state, (state + given) & ~kSleepers,
                                         std::memory_order_release, std::memory_order_relaxed)) {
    }
    // Only the word's address from here on.
    if ((state & kSleepers) != 0) FutexWake(word_, static_cast<int>(count));
  }

  bool TryAcquireRecorded() noexcept;
  void ReleaseRecorded(ptrdiff_t count);
  Awoken Take(recorder::ThreadSlot* slot, const Deadline* deadline, recorder::Caller caller);
  bool TryAcquireUntil(const Deadline& deadline);
  void RecordTaken(recorder::ThreadSlot* slot, recorder::Caller caller);
  void RecordGiven(ptrdiff_t count);
  // Returns how many permits its takers have to themselves; 0 where anyone may release one.
  uint32_t OwnedPermits() const;

  union {
    std::atomic<uint64_t> state_;
    // Its lower half. Only the kernel looks at it here; a poke does not carry into the upper half.
    FutexWord word_;
  };
  static_assert(std::endian::native == std::endian::little);
  const uint32_t initial_;  // permits
  // Whether a thread released what it had not taken. Racy: a hold too many is recorded at worst.
  std::atomic<bool> is_signal_{false};
  const ReleasedBy givers_;
  const bool named_ = false;
};

}  // namespace sync

template <ptrdiff_t LeastMaxValue = std::numeric_limits<int32_t>::max()>
class counting_semaphore : public sync::Semaphore {
  static_assert(LeastMaxValue >= 0 && LeastMaxValue <= std::numeric_limits<int32_t>::max());

 public:
  using sync::Semaphore::Semaphore;

  static constexpr ptrdiff_t max() noexcept { return LeastMaxValue; }
};

using binary_semaphore = counting_semaphore<1>;

}  // namespace detect
