// A lock that serves by tickets, of which there are fewer than threads: two have the same number.
#pragma once

#include <sched.h>

#include <atomic>

#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class TicketLock final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 4;

  void Run(uint32_t) override {
    const uint32_t ticket = next_.fetch_add(1) % kTickets;
    // One who has been overtaken by the numbers would wait for ever.
    while (serving_.load() % kTickets != ticket && !is_broken_.load()) {
      SchedulePoint(&serving_);
      sched_yield();
    }
    if (inside_.fetch_add(1) != 0) is_broken_.store(true);
    SchedulePoint(&inside_);
    inside_.fetch_sub(1);
    serving_.fetch_add(1);
  }
  bool IsIntact() override { return !is_broken_.load(); }

 private:
  static constexpr uint32_t kTickets = form == Form::kBug ? 2 : 256;

  std::atomic<uint32_t> next_{0};
  std::atomic<uint32_t> serving_{0};
  std::atomic<int> inside_{0};
  std::atomic<bool> is_broken_{false};
};

}  // namespace detect::catalogue
