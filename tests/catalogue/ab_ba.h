// Two locks, taken in either order.
#pragma once

#include <mutex>

#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class AbBa final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t index) override {
    const bool is_reversed = form == Form::kBug && index == 1;
    std::lock_guard first(is_reversed ? b_ : a_);
    std::lock_guard second(is_reversed ? a_ : b_);
  }
  bool IsIntact() override { return true; }

 private:
  mutex a_;
  mutex b_;
};

}  // namespace detect::catalogue
