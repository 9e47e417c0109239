// An account that is checked under its lock, and drawn from under its lock, but not under one.
#pragma once

#include <mutex>

#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class CheckThenAct final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t) override {
    std::unique_lock hold(mu_);
    if (balance_ < kAmount) return;
    if constexpr (form == Form::kBug) {
      hold.unlock();
      hold.lock();
    }
    balance_ -= kAmount;
  }
  bool IsIntact() override { return balance_ >= 0; }

 private:
  static constexpr int kAmount = 10;

  mutex mu_;
  int balance_ = kAmount;  // guarded by mu_
};

}  // namespace detect::catalogue
