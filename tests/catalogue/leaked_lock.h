// A lock that an exception takes along: who comes to an empty shelf leaves it locked.
#pragma once

#include <mutex>
#include <stdexcept>

#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class LeakedLock final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t index) override {
    if (index == 0) return Put();
    SchedulePoint(&items_);  // on its way
    try {
      Take();
    } catch (const std::out_of_range&) {
    }
  }
  bool IsIntact() override {
    if (!mu_.try_lock()) return false;
    mu_.unlock();
    return true;
  }

 private:
  void Put() {
    std::lock_guard hold(mu_);
    ++items_;
  }
  void Take() {
    if constexpr (form == Form::kBug) {
      mu_.lock();
      TakeLocked();
      mu_.unlock();
    } else {
      std::lock_guard hold(mu_);
      TakeLocked();
    }
  }
  void TakeLocked() {
    if (items_ == 0) throw std::out_of_range("nothing there");
    --items_;
  }

  mutex mu_;
  int items_ = 0;  // guarded by mu_
};

}  // namespace detect::catalogue
