// A stranger's test: it knows libdetect by what is installed or exported, and by its docs.
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>

#include "libdetect/harness/gtest.h"
#include "libdetect/sync/mutex.h"

namespace {

class Counter {
 public:
  void Add() {
    const std::lock_guard hold(mutex_);
    ++count_;
  }
  unsigned long count() const { return count_; }

 private:
  detect::mutex mutex_{"counter"};
  unsigned long count_ = 0;
};

TEST(Counter, LosesNothing) {
  Counter counter;

  const auto result = EXPECT_CONTENDED(
      [&] { counter.Add(); }, {.rounds = 100, .timeout = std::chrono::seconds(60), .calls = 10});

  EXPECT_EQ(counter.count(), result.calls);
}

// The listener is there without being asked for.
TEST(Counter, IsKeptByAThreadThatEnds) {
  static detect::mutex kept("kept");

  DETECT_EXPECT_FINDING("held-at-exit", {
    detect::RunContended(
        [](detect::Contender& self) {
          if (self.index() == 0) kept.lock();
        },
        {.threads = 2, .rounds = 1, .require_overlap = false});
  });
}

}  // namespace
