// A list whose walker holds the lock for one step at a time: the entry it stands on is removed.
#pragma once

#include <array>
#include <mutex>

#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class Iterator final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t index) override { index == 0 ? Remove(kFirst + 1) : Walk(); }
  bool IsIntact() override { return !stood_on_removed_; }

 private:
  static constexpr int kFirst = 1;
  static constexpr int kEnd = 4;
  static constexpr int kRemoved = -1;

  void Walk() {
    std::unique_lock hold(mu_);
    for (int at = kFirst; at != kEnd; at = next_[at]) {
      if constexpr (form == Form::kBug) {
        hold.unlock();
        hold.lock();
      }
      if (next_[at] == kRemoved) {
        stood_on_removed_ = true;
        return;
      }
    }
  }
  // Requires: it is not the first.
  void Remove(int entry) {
    std::lock_guard hold(mu_);
    next_[entry - 1] = next_[entry];
    next_[entry] = kRemoved;
  }

  mutex mu_;
  // Guarded by mu_: the entry after each.
  std::array<int, kEnd> next_{1, 2, 3, kEnd};
  bool stood_on_removed_ = false;
};

}  // namespace detect::catalogue
