// A counter that is read and written in two steps.
#pragma once

#include <atomic>

#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class LostUpdate final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t) override {
    for (int i = 0; i < kTimes; ++i) Increment();
  }
  bool IsIntact() override { return count_.load() == int{kThreads} * kTimes; }

 private:
  static constexpr int kTimes = 4;

  void Increment() {
    if constexpr (form == Form::kBug) {
      const int seen = count_.load(std::memory_order_relaxed);
      SchedulePoint(&count_);
      count_.store(seen + 1, std::memory_order_relaxed);
    } else {
      SchedulePoint(&count_);
      count_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  std::atomic<int> count_{0};
};

}  // namespace detect::catalogue
