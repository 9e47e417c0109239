// A value that is there for all to see before what it consists of is. Without a barrier the two
// stores may change places. This processor does not do it, so the bug is written in that order.
#pragma once

#include <atomic>

#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class Publication final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t index) override {
    if (index == 0) {
      Publish();
    } else {
      SchedulePoint(&is_ready_);
      if (is_ready_.load(std::memory_order_acquire) &&
          value_.load(std::memory_order_relaxed) == 0) {
        was_empty_ = true;
      }
    }
  }
  bool IsIntact() override { return !was_empty_; }

 private:
  void Publish() {
    if constexpr (form == Form::kBug) {
      is_ready_.store(true, std::memory_order_relaxed);
      SchedulePoint(&value_);
      value_.store(42, std::memory_order_relaxed);
    } else {
      value_.store(42, std::memory_order_relaxed);
      SchedulePoint(&value_);
      is_ready_.store(true, std::memory_order_release);
    }
  }

  std::atomic<bool> is_ready_{false};
  std::atomic<int> value_{0};
  bool was_empty_ = false;  // by the reader
};

}  // namespace detect::catalogue
