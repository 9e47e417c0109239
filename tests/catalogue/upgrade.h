// A reader that finds an entry missing becomes a writer and adds it, without looking again.
#pragma once

#include <mutex>
#include <shared_mutex>

#include "libdetect/sync/shared_mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class Upgrade final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t) override {
    {
      std::shared_lock read(mu_);
      if (entries_ > 0) return;
    }
    std::lock_guard write(mu_);
    if (form == Form::kBug || entries_ == 0) ++entries_;
  }
  bool IsIntact() override { return entries_ == 1; }

 private:
  shared_mutex mu_;
  int entries_ = 0;  // guarded by mu_
};

}  // namespace detect::catalogue
