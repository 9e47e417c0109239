// std::once_flag and std::call_once, seen by the detector.
//
//   detect::once_flag ready{"tables"};
//   detect::call_once(ready, FillTables);
//
//   new ──first caller──► running ──returns──► done           later callers: two loads
//    ▲                       └──throws──┐
//    └──────────────────────────────────┘                     a waiting caller runs it next
//
// While it runs, the initialiser's thread is recorded as owning the flag. So an initialiser that
// needs its own result, or two that need each other's, are found as any deadlock of locks is.
//
// Context: hot. Memory: 12 bytes. Cost: once it is done, two loads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"
#include "libdetect/sync/block.h"
#include "libdetect/sync/futex.h"

namespace detect {

class once_flag {
 public:
  constexpr once_flag() noexcept = default;
  // The name is copied.
  explicit once_flag(const char* name);
  constexpr ~once_flag() {
    if (named_) recorder::ResourceDestroyed(this);
  }
  once_flag(const once_flag&) = delete;
  once_flag& operator=(const once_flag&) = delete;

 private:
  template <typename F, typename... Args>
  friend void call_once(once_flag& flag, F&& f, Args&&... args);

  // The state's lowest bits. The upper byte is Poke's.
  static constexpr uint32_t kRunning = 1;
  static constexpr uint32_t kDone = 2;
  static constexpr uint32_t kSleepers = 4;
  static constexpr uint32_t kState = 7;

  // One run of the initialiser, from Begin; failed, unless it said that it is done.
  class Run {
   public:
    explicit Run(once_flag& flag) : flag_(flag) {}
    ~Run() { flag_.End(ends_as_); }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    void Succeed() { ends_as_ = kDone; }

   private:
    once_flag& flag_;
    uint32_t ends_as_ = 0;
  };

  bool IsDone() const {
    return (state_.load(std::memory_order_acquire) & kDone) != 0;  // with End
  }

  // Returns whether the caller is to run the initialiser; if not, it is done. Blocks: while another
  // thread runs it, or the caller itself does.
  bool Begin();
  void End(uint32_t state);

  bool TryBegin(uint32_t* state);
  void AwaitChange(uint32_t state, recorder::ThreadSlot* slot, recorder::Caller caller);

  sync::FutexWord state_{0};
  // The kernel id of the thread that runs the initialiser; 0 where there is none, or it is not
  // recorded. By that thread.
  std::atomic<int32_t> owner_{0};
  const bool named_ = false;
};

template <typename F, typename... Args>
void call_once(once_flag& flag, F&& f, Args&&... args) {
  BeforeOperation(OperationKind::kAcquire, &flag);
  if (flag.IsDone() || !flag.Begin()) return;
  once_flag::Run run(flag);
  std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
  run.Succeed();
}

}  // namespace detect
