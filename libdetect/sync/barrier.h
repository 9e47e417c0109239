// std::barrier, seen by the detector: threads that wait for each other, phase after phase.
//
//   detect::barrier step(4, [&]() noexcept { Swap(next, now); }, "step");
//   step.arrive_and_wait();             // the last of four runs the completion and lets all go on
//
// A thread that has arrived once is recorded as taking part until it drops out or the barrier ends,
// so that a report can say who has not come. wait() and arrive_and_wait() are interruptible: in a
// thread that was interrupted and has to wait they throw detect::interrupted; its arrival counts
// all the same, and the barrier goes on.
//
// As with std's, the thread that waited last may destroy it while the one that let it go is still
// on its way out.
//
// Context: hot. Memory: 16 bytes and the completion. Cost: arriving, one subtraction and the
// record.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "libdetect/recorder/events.h"
#include "libdetect/sync/block.h"
#include "libdetect/sync/futex.h"

namespace detect {
namespace sync {

// All but the completion.
class Barrier {
 public:
  constexpr explicit Barrier(ptrdiff_t expected) noexcept
      : expected_(static_cast<int32_t>(expected)), missing_(static_cast<int32_t>(expected)) {}
  // `name` is copied; null: none.
  Barrier(ptrdiff_t expected, const char* name);
  ~Barrier();
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  // Of the current phase, for Await.
  uint32_t Phase() const { return word_.load(std::memory_order_acquire) & kPhase; }  // with Advance

  // Returns true where the phase is complete: then the caller runs the completion, and Advance.
  bool Arrive(ptrdiff_t count);
  bool ArriveAndDrop();
  void Advance();

  // Returns once `phase` is over.
  void Await(uint32_t phase) const {
    if (Phase() == phase) Wait(phase);
  }

 private:
  // The word: a bit for that threads sleep, and the number of the phase. The upper byte is Poke's.
  static constexpr uint32_t kSleepers = 1;
  static constexpr uint32_t kNextPhase = 2;
  static constexpr uint32_t kPhase = kPoke - kNextPhase;

  void Wait(uint32_t phase) const;
  bool Count(ptrdiff_t count) {
    return missing_.fetch_sub(static_cast<int32_t>(count), std::memory_order_acq_rel) == count;
  }

  mutable FutexWord word_{0};
  std::atomic<int32_t> expected_;  // in the next phase
  std::atomic<int32_t> missing_;   // in this one
  const bool named_ = false;
};

struct NoCompletion {
  void operator()() noexcept {}
};

}  // namespace sync

template <typename Completion = sync::NoCompletion>
class barrier {
  static_assert(std::is_nothrow_invocable_v<Completion&>);

 public:
  class arrival_token {
   public:
    arrival_token(arrival_token&&) = default;
    arrival_token& operator=(arrival_token&&) = default;

   private:
    friend class barrier;
    explicit arrival_token(uint32_t phase) : phase_(phase) {}
    uint32_t phase_;
  };

  // Requires: 0 <= expected <= max().
  constexpr explicit barrier(ptrdiff_t expected, Completion completion = Completion())
      : barrier_(expected), completion_(std::move(completion)) {}
  // The name is copied.
  barrier(ptrdiff_t expected, Completion completion, const char* name)
      : barrier_(expected, name), completion_(std::move(completion)) {}
  barrier(ptrdiff_t expected, const char* name) : barrier(expected, Completion(), name) {}
  barrier(const barrier&) = delete;
  barrier& operator=(const barrier&) = delete;

  static constexpr ptrdiff_t max() noexcept { return INT32_MAX; }

  // Requires, of both: no more than what the phase still misses.
  [[nodiscard]] arrival_token arrive(ptrdiff_t count = 1) {
    // Taken before: the phase cannot end without this arrival.
    arrival_token token(barrier_.Phase());
    if (barrier_.Arrive(count)) Complete();
    return token;
  }
  void arrive_and_drop() {
    if (barrier_.ArriveAndDrop()) Complete();
  }

  // Requires: the token is of this phase or the one before.
  void wait(arrival_token&& token) const { barrier_.Await(token.phase_); }
  void arrive_and_wait() { wait(arrive()); }

 private:
  void Complete() {
    completion_();
    barrier_.Advance();
  }

  sync::Barrier barrier_;
  [[no_unique_address]] Completion completion_;
};

}  // namespace detect
