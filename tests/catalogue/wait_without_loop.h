// A consumer that was woken takes an item without looking again: another one has come before it.
#pragma once

#include <mutex>

#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class WaitWithoutLoop final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 4;

  void Run(uint32_t index) override { index % 2 == 0 ? Put() : Take(); }
  bool IsIntact() override { return !took_nothing_; }

 private:
  void Put() {
    std::lock_guard hold(mu_);
    ++items_;
    not_empty_.notify_one();
  }
  void Take() {
    std::unique_lock hold(mu_);
    if constexpr (form == Form::kBug) {
      if (items_ == 0) not_empty_.wait(hold);
    } else {
      while (items_ == 0) not_empty_.wait(hold);
    }
    if (items_ == 0) {
      took_nothing_ = true;
    } else {
      --items_;
    }
  }

  mutex mu_;
  condition_variable not_empty_;
  // Guarded by mu_.
  int items_ = 0;
  bool took_nothing_ = false;
};

}  // namespace detect::catalogue
