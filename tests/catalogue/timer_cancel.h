// A timer that fires after it was cancelled: it had looked before, and its target is gone.
#pragma once

#include <atomic>
#include <mutex>

#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class TimerCancel final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t index) override {
    if (index == 0) {
      Fire();
    } else {
      Cancel();
      has_target_.store(false);
    }
  }
  bool IsIntact() override { return !fired_late_; }

 private:
  void Fire() {
    std::unique_lock hold(mu_);
    if (is_cancelled_) return;
    if constexpr (form == Form::kBug) hold.unlock();
    SchedulePoint(&has_target_);
    if (!has_target_.load()) fired_late_ = true;
  }
  void Cancel() {
    std::lock_guard hold(mu_);
    is_cancelled_ = true;
  }

  mutex mu_;
  bool is_cancelled_ = false;  // guarded by mu_
  std::atomic<bool> has_target_{true};
  bool fired_late_ = false;  // by the timer
};

}  // namespace detect::catalogue
