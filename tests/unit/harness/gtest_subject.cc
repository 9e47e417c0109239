// Tests of all kinds, most of which fail: gtest_test.py runs them one by one and reads what they
// say.
#include <atomic>
#include <cstdlib>
#include <latch>
#include <mutex>
#include <stdexcept>

#include "libdetect/harness/gtest.h"
#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/thread.h"

namespace detect {
namespace {

using namespace std::chrono_literals;

// Two threads that take two locks in opposite orders. Never destroyed: what hangs there stays.
struct Opposite {
  mutex first{"first"};
  mutex second{"second"};
  std::latch both{2};

  void Take(uint32_t index) {
    const std::lock_guard outer(index == 0 ? first : second);
    both.arrive_and_wait();
    const std::lock_guard inner(index == 0 ? second : first);
  }
};

TEST(Passes, BehindALock) {
  mutex lock("counter");
  int counter = 0;

  const ContendedResult result = EXPECT_CONTENDED(
      [&] {
        const std::lock_guard hold(lock);
        ++counter;
      },
      {.threads = 4, .rounds = 100, .timeout = 60s, .calls = 10});

  EXPECT_EQ(counter, result.calls);
}

TEST(Hangs, InADeadlock) {
  auto& locks = *new Opposite;
  EXPECT_CONTENDED([&](Contender& self) { locks.Take(self.index()); }, {.threads = 2});
}

TEST(Hangs, InTheTestItself) {
  auto& lock = *new mutex("lock");
  const std::lock_guard once(lock);
  const std::lock_guard again(lock);
}

TEST(Hangs, ForEver) {
  volatile bool stop = false;  // a compiler that knew it would not need to loop
  while (!stop) {
  }
}

TEST(Finds, WhatNobodyExpects) {
  auto& locks = *new Opposite;
  for (const uint32_t index : {0, 1}) {
    thread({.name = index == 0 ? "writer" : "auditor", .daemon = true},
           [&locks, index] { locks.Take(index); });
  }
  while (true) {
    if (!FindDeadlockedThreads().empty()) break;
  }
}

TEST(Finds, WhatIsExpected) {
  DETECT_EXPECT_FINDING("deadlock", {
    auto& locks = *new Opposite;
    thread({.name = "writer", .daemon = true}, [&locks] { locks.Take(0); });
    thread({.name = "auditor", .daemon = true}, [&locks] { locks.Take(1); });
  });
}

TEST(Finds, Misuse) {
  static mutex lock("kept");
  thread({.name = "keeper"}, [] { lock.lock(); }).join();
}

TEST(Carries, AnException) {
  EXPECT_CONTENDED(
      [](Contender& self) {
        if (self.index() == 3) throw std::runtime_error("out of order");
      },
      {.rounds = 10, .timeout = 60s});
}

TEST(Carries, AnExpectation) {
  EXPECT_CONTENDED([](Contender& self) { EXPECT_NE(self.index(), 3) << "the third"; },
                   {.rounds = 10, .timeout = 60s});
}

TEST(Carries, AnAssertion) {
  std::atomic<int> past{0};
  ASSERT_CONTENDED(
      [&](Contender& self) {
        ASSERT_NE(self.index(), 3);
        if (self.index() == 3) ++past;
      },
      {.rounds = 10, .timeout = 60s, .calls = 5});
  FAIL() << "it went on";
}

TEST(Exits, FromTheOperation) {
  EXPECT_CONTENDED(
      [](Contender& self) {
        if (self.index() == 3) std::exit(0);
      },
      {.rounds = 10, .timeout = 60s});
}

// Fails or not by what the seed makes of it.
TEST(Depends, OnTheSeed) {
  EXPECT_CONTENDED(
      [](Contender& self) {
        if (self.index() == 0 && self.random().Below(10) == 0) self.Fail("one in ten");
      },
      {.threads = 2, .rounds = 300, .timeout = 60s});
}

class Counted : public ThreadSafetyTest {
 protected:
  void SetUpRound() override { count = 0; }
  void CheckInvariants() override { EXPECT_EQ(count, 20); }
  void TearDownRound() override { ++rounds; }

  std::atomic<int> count{0};
  int rounds = 0;
};

TEST_F(Counted, IsSetUpAndCheckedAroundEachRound) {
  AssertContended([this] { ++count; }, {.rounds = 10, .timeout = 60s, .require_overlap = false});

  EXPECT_EQ(rounds, 10);
}

TEST_F(Counted, IsCheckedByItsAssertions) {
  AssertContended(
      [this](Contender& self) {
        if (self.index() != 3) ++count;
      },
      {.rounds = 10, .timeout = 60s});
}

TEST(DiesDeathTest, BesidesTheListener) {
  EXPECT_EXIT(std::exit(3), ::testing::ExitedWithCode(3), "");
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::exit(4), ::testing::ExitedWithCode(4), "");
}

}  // namespace
}  // namespace detect
