// FutureState is what a future shares with whoever completes it: is it there yet, who works on it,
// who may cancel it. The result itself is in ResultState<T>, below.
//
//   unset ──Claim──► setting ──Publish──► ready: all who wait are woken, then on_ready is called
//     ▲                │
//     └────Unclaim─────┘ (making the result threw)
//
// A thread that waits is recorded as waiting for the state's address. The thread that runs the task
// behind it is recorded as its owner for that long; before, any worker of `pool` may become it.
//
// Context: hot. Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <utility>
#include <variant>

#include "libdetect/recorder/events.h"
#include "libdetect/sync/deadline.h"
#include "libdetect/sync/futex.h"
#include "libdetect/sync/futex_lock.h"
#include "libdetect/sync/interruption.h"

namespace detect {

// What a future throws whose task was cancelled.
class task_cancelled : public std::runtime_error {
 public:
  task_cancelled() : std::runtime_error("the task was cancelled") {}
};

namespace tasks {

class FutureState {
 public:
  FutureState() = default;
  // Of a task; `pool` null: nobody in particular runs it.
  explicit FutureState(const void* pool, std::stop_source stop)
      : is_task_(true), pool_(pool), stop_(std::move(stop)) {}
  virtual ~FutureState() = default;
  FutureState(const FutureState&) = delete;
  FutureState& operator=(const FutureState&) = delete;

  bool IsReady() const { return Phase(word_.load(std::memory_order_acquire)) == kReady; }
  // Ready, or about to be.
  bool IsClaimed() const { return Phase(word_.load(std::memory_order_relaxed)) != kUnset; }

  // Throws detect::interrupted.
  void Wait();
  // Returns false when the deadline has passed.
  bool WaitUntil(const sync::Deadline& deadline);

  // Returns false where somebody else has set it or is about to. Claim, then Publish or Unclaim.
  bool Claim();
  void Unclaim();
  void Publish();
  // Completes it with an exception. Returns false as Claim does.
  bool Fail(std::exception_ptr error);
  // Requires: it is ready.
  void RethrowIfFailed() const {
    if (error_ != nullptr) std::rethrow_exception(error_);
  }

  // Completes a task's state with task_cancelled; a task that has not started will not, one that
  // runs is asked to stop and its thread interrupted. Returns false, with nothing done, where the
  // state is not a task's, or complete.
  bool Cancel();
  // Asks the task, where it runs, to stop.
  void RequestStop();
  std::stop_token StopToken() const { return stop_.get_token(); }

  // The caller runs the task while this lives.
  class ScopedRun {
   public:
    // `worker` is the caller's own, through which it is interrupted; null: it is not.
    ScopedRun(FutureState* state, sync::Interruption* worker, recorder::Caller caller);
    ~ScopedRun() { End(); }
    ScopedRun(const ScopedRun&) = delete;
    ScopedRun& operator=(const ScopedRun&) = delete;
    // Ends it early: before the result is published, so that nobody sees a completed state that has
    // an owner. Locks and thread-local values that the task leaves behind are reported as misuse.
    void End();

   private:
    FutureState* state_;  // null once it has ended
    sync::Interruption* const worker_;
    recorder::ThreadSlot* const slot_;
    const uint32_t depth_;  // of the caller's holds before
    const uint64_t mark_;   // of the values in its thread-local slots before
  };

  // Called once the state is ready, by the thread that made it so. Set before anyone shares it.
  std::function<void()> on_ready;

 private:
  // The word's lower bytes; the upper one is MakeVictim's.
  enum : uint32_t { kUnset = 0, kSetting = 1, kReady = 2 };
  static uint32_t Phase(uint32_t word) { return word & 0xFFFFFF; }

  uint32_t RunnerOffset() const {
    return static_cast<uint32_t>(recorder::AddressOf(&runner_tid_) - recorder::AddressOf(this));
  }
  bool Block(const sync::Deadline* deadline, recorder::Caller caller);

  sync::FutexWord word_{kUnset};
  // The kernel id of the thread that runs the task; 0: none, or not known. By that thread.
  std::atomic<int32_t> runner_tid_{0};

  // Constant after construction.
  const bool is_task_ = false;
  const void* const pool_ = nullptr;
  std::stop_source stop_{std::nostopstate};  // has a state where the task takes a stop_token

  // Constant once ready; before, only by who has claimed it.
  std::exception_ptr error_;

  sync::FutexLock runner_lock_;
  sync::Interruption* runner_ = nullptr;  // guarded by runner_lock_
};

// What is kept of a result: references as pointers, void as nothing.
template <typename T>
struct Stored {
  using Type = T;
};
template <typename T>
struct Stored<T&> {
  using Type = T*;
};
template <>
struct Stored<void> {
  using Type = std::monostate;
};

template <typename T>
class ResultState final : public FutureState {
 public:
  using FutureState::FutureState;

  // Completes the state with a result made of `parts`. Returns false as Claim does; where making
  // the result throws, nothing was done.
  template <typename... Parts>
  bool Set(Parts&&... parts) {
    if (!Claim()) return false;
    try {
      value.emplace(std::forward<Parts>(parts)...);
    } catch (...) {
      Unclaim();
      throw;
    }
    Publish();
    return true;
  }

  // Constant once ready and not failed.
  std::optional<typename Stored<T>::Type> value;
};

}  // namespace tasks
}  // namespace detect
