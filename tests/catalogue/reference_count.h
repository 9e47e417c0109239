// A count of references that is looked at and lowered in two steps: nobody is the last, or two are.
#pragma once

#include <atomic>

#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class ReferenceCount final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t) override {
    SchedulePoint(&references_);
    if (Drop()) destroyed_.fetch_add(1);
  }
  bool IsIntact() override { return destroyed_.load() == 1; }

 private:
  bool Drop() {
    if constexpr (form == Form::kBug) {
      const uint32_t left = references_.load(std::memory_order_relaxed) - 1;
      SchedulePoint(&references_);
      references_.store(left, std::memory_order_relaxed);
      return left == 0;
    } else {
      return references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }
  }

  std::atomic<uint32_t> references_{kThreads};
  std::atomic<int> destroyed_{0};
};

}  // namespace detect::catalogue
