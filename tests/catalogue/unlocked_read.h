// A text that is written under a lock and read without: the reader finds a part of each.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class UnlockedRead final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  void Run(uint32_t index) override {
    if (index == 0) {
      Write('a');
      Write('b');
    } else {
      Read();
      Read();
    }
  }
  bool IsIntact() override { return !is_torn_; }

 private:
  void Write(char letter) {
    std::lock_guard hold(mu_);
    for (std::atomic<char>& each : text_) {
      SchedulePoint(&text_);
      each.store(letter, std::memory_order_relaxed);
    }
  }
  void Read() {
    std::unique_lock hold(mu_, std::defer_lock);
    if constexpr (form == Form::kOk) hold.lock();
    SchedulePoint(&text_);
    const char first = text_.front().load(std::memory_order_relaxed);
    const char last = text_.back().load(std::memory_order_relaxed);
    if (first != last) is_torn_ = true;
  }

  mutex mu_;
  std::array<std::atomic<char>, 8> text_{};
  bool is_torn_ = false;  // by the reader
};

}  // namespace detect::catalogue
