// A buffer of one place whose producers and consumers wait at one condition: a single notification
// reaches one of the wrong kind.
#pragma once

#include <mutex>

#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class MissingNotifyAll final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 4;

  void Run(uint32_t index) override {
    for (int i = 0; i < 3; ++i) Change(index % 2 == 0);
  }
  bool IsIntact() override { return !is_full_; }

 private:
  void Change(bool to_full) {
    std::unique_lock hold(mu_);
    changed_.wait(hold, [&] { return is_full_ != to_full; });
    is_full_ = to_full;
    if constexpr (form == Form::kBug) {
      changed_.notify_one();
    } else {
      changed_.notify_all();
    }
  }

  mutex mu_;
  condition_variable changed_;
  bool is_full_ = false;  // guarded by mu_
};

}  // namespace detect::catalogue
