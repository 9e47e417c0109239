// An initialiser that two threads run, because both found that it had not run.
#pragma once

#include <atomic>

#include "libdetect/sync/once.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class OnceRace final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t) override {
    if constexpr (form == Form::kBug) {
      if (is_done_.load()) return;
      SchedulePoint(&is_done_);
      runs_.fetch_add(1);
      is_done_.store(true);
    } else {
      call_once(once_, [this] { runs_.fetch_add(1); });
    }
  }
  bool IsIntact() override { return runs_.load() == 1; }

 private:
  once_flag once_;
  std::atomic<bool> is_done_{false};
  std::atomic<int> runs_{0};
};

}  // namespace detect::catalogue
