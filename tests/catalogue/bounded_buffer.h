// A ring that lets in one item too many: it overwrites one that nobody has taken, when the
// consumers are late.
#pragma once

#include <array>
#include <mutex>

#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class BoundedBuffer final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t index) override {
    for (int i = 1; i <= kItems; ++i) {
      if (index == 0) {
        Put(i);
      } else {
        Take();
      }
    }
  }
  bool IsIntact() override { return sum_ == kItems * (kItems + 1) / 2; }

 private:
  static constexpr int kItems = 6;
  static constexpr size_t kPlaces = 3;
  static constexpr size_t kLimit = form == Form::kBug ? kPlaces + 1 : kPlaces;

  void Put(int item) {
    std::unique_lock hold(mu_);
    changed_.wait(hold, [this] { return put_ - taken_ < kLimit; });
    ring_[put_++ % kPlaces] = item;
    changed_.notify_all();
  }
  void Take() {
    std::unique_lock hold(mu_);
    changed_.wait(hold, [this] { return put_ != taken_; });
    sum_ += ring_[taken_++ % kPlaces];
    changed_.notify_all();
  }

  mutex mu_;
  condition_variable changed_;
  // Guarded by mu_.
  std::array<int, kPlaces> ring_{};
  size_t put_ = 0;
  size_t taken_ = 0;
  int sum_ = 0;
};

}  // namespace detect::catalogue
