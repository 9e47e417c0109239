// Tasks that wait for tasks behind them in the same pool, until all its threads do.
#pragma once

#include "libdetect/tasks/thread_pool.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class PoolStarvation final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t) override {
    auto outer = pool_.submit([this] { pool_.submit([] {}).get(); });
    outer.get();
  }
  bool IsIntact() override { return true; }

 private:
  thread_pool pool_ = form == Form::kBug ? thread_pool::fixed(2) : thread_pool::cached();
};

}  // namespace detect::catalogue
