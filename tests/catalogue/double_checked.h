// A value that is made by whoever needs it first, under a lock that later ones need not take. In
// the wrong form others find it while it is being made.
#pragma once

#include <atomic>
#include <mutex>

#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class DoubleChecked final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 3;

  void Run(uint32_t) override {
    if (Get()->load(std::memory_order_relaxed) != kMade) was_unmade_.store(true);
  }
  bool IsIntact() override { return !was_unmade_.load(); }

 private:
  static constexpr int kMade = 42;

  std::atomic<int>* Get() {
    if (auto* made = instance_.load(std::memory_order_acquire)) return made;
    std::lock_guard hold(mu_);
    if (auto* made = instance_.load(std::memory_order_relaxed)) return made;
    if constexpr (form == Form::kBug) instance_.store(&value_, std::memory_order_relaxed);
    SchedulePoint(&value_);
    value_.store(kMade, std::memory_order_relaxed);
    instance_.store(&value_, std::memory_order_release);
    return &value_;
  }

  mutex mu_;
  std::atomic<int> value_{0};
  std::atomic<std::atomic<int>*> instance_{nullptr};
  std::atomic<bool> was_unmade_{false};
};

}  // namespace detect::catalogue
