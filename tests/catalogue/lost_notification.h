// A notification that comes after the look and before the wait: nobody hears it, and the waiter
// waits for ever.
#pragma once

#include <atomic>
#include <mutex>

#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class LostNotification final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t index) override { index == 0 ? Tell() : Await(); }
  bool IsIntact() override { return true; }

 private:
  void Tell() {
    std::unique_lock hold(mu_, std::defer_lock);
    if constexpr (form == Form::kOk) hold.lock();
    is_ready_.store(true);
    changed_.notify_one();
  }
  void Await() {
    if constexpr (form == Form::kBug) {
      if (is_ready_.load()) return;
      std::unique_lock hold(mu_);
      changed_.wait(hold);
    } else {
      std::unique_lock hold(mu_);
      changed_.wait(hold, [this] { return is_ready_.load(); });
    }
  }

  mutex mu_;
  condition_variable changed_;
  std::atomic<bool> is_ready_{false};
};

}  // namespace detect::catalogue
