// The chapter's test cases, listings 19-8 to 19-12, as a GoogleTest user writes them: what is
// locked stays whole, and what lost its lock fails, each time.
//
// The unlocked ones use relaxed atomics where the locked ones use plain data. They lose updates as
// plain data does, and have defined behaviour all the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>

#include "libdetect/harness/gtest.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/synchronized.h"

namespace detect {
namespace {

constexpr int kThreads = 20;
constexpr int kLoops = 100;
// More than the default, for machines that have a lot to do besides.
constexpr std::chrono::seconds kTimeout{60};

class Counting : public ThreadSafetyTest {
 protected:
  void SetUpRound() override { counter = 0; }
  void CheckInvariants() override { EXPECT_EQ(counter, kThreads * kLoops); }

  static ContendedOptions Loops() {
    return {.threads = kThreads, .rounds = 50, .timeout = kTimeout, .calls = kLoops};
  }

  int counter = 0;
};

// 19-8: all that is asserted by itself is that the threads come back.
TEST(ThreadSafety, AnOperationThatEndsPasses) {
  std::atomic<uint64_t> count{0};

  const ContendedResult result =
      EXPECT_CONTENDED([&] { ++count; }, {.rounds = 50, .timeout = kTimeout});

  EXPECT_EQ(count, result.calls);
}

// 19-9: one step forward, one step back.
TEST(ListThreadSafety, AppendAndRemoveUnderALock) {
  std::list<uint32_t> list;
  mutex lock("list");

  EXPECT_CONTENDED(ThereAndBack(
                       [&](Contender& self) {
                         const std::lock_guard hold(lock);
                         list.push_back(self.index());
                       },
                       [&](Contender& self) {
                         const std::lock_guard hold(lock);
                         list.remove(self.index());
                       }),
                   {.rounds = 50, .timeout = kTimeout, .calls = 10});

  EXPECT_TRUE(list.empty());
}

// 19-10
TEST_F(Counting, WithAScopeGuard) {
  mutex lock("counter");

  AssertContended(
      [&] {
        const std::lock_guard hold(lock);
        ++counter;
      },
      Loops());
}

// 19-11: and no exception gets past it with the lock held.
TEST_F(Counting, WithALockByHand) {
  mutex lock("counter");

  AssertContended(
      [&] {
        lock.lock();
        try {
          ++counter;
        } catch (...) {
          lock.unlock();
          throw;
        }
        lock.unlock();
      },
      Loops());
}

// 19-12
TEST_F(Counting, WithASynchronizedFunction) {
  const auto increment = synchronized([](int& count) { ++count; });

  AssertContended([&] { increment(counter); }, Loops());
}

// The same without the lock, with the default budget.

// A list without a lock that can lose elements, but not itself.
class LossyList {
 public:
  void Append(uint32_t value) {
    const size_t size = size_.load(std::memory_order_relaxed);
    if (size == slots_.size()) return;
    slots_[size].store(value, std::memory_order_relaxed);
    size_.store(size + 1, std::memory_order_relaxed);
  }
  void Remove(uint32_t value) {
    const size_t size = size_.load(std::memory_order_relaxed);
    for (size_t i = 0; i < size; ++i) {
      if (slots_[i].load(std::memory_order_relaxed) != value) continue;
      for (size_t j = i; j + 1 < size; ++j) slots_[j] = slots_[j + 1].load();
      size_.store(size - 1, std::memory_order_relaxed);
      return;
    }
  }
  size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  std::atomic<size_t> size_{0};
  std::array<std::atomic<uint32_t>, 4096> slots_{};
};

void AddUnlocked(std::atomic<int>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

TEST(ListThreadSafety, AppendAndRemoveWithoutTheLockFails) {
  LossyList list;

  const ContendedResult result =
      RunContended(ThereAndBack([&](Contender& self) { list.Append(self.index()); },
                                [&](Contender& self) { list.Remove(self.index()); }),
                   {.timeout = kTimeout, .calls = 10, .invariants = {Unchanged("the list", [&] {
                                                        return list.size();
                                                      })}});

  ASSERT_FALSE(result.ok()) << result.Summary();
  EXPECT_EQ(result.failures.front().kind, ContendedFailure::Kind::kInvariant);
}

TEST(CountingUnlocked, Fails) {
  std::atomic<int> counter{0};

  const ContendedResult result = RunContended(
      [&] { AddUnlocked(counter); },
      {.timeout = kTimeout,
       .calls = kLoops,
       .set_up = [&] { counter = 0; },
       .invariants = {{"no update is lost", [&] { return counter == kThreads * kLoops; }}}});

  ASSERT_FALSE(result.ok()) << result.Summary();
  EXPECT_EQ(result.failures.front().kind, ContendedFailure::Kind::kInvariant);
}

// A lock that each call makes for itself, which is what became of a decorator misplaced.
TEST(CountingUnlocked, WithALockOfItsOwnForEachCallFails) {
  std::atomic<int> counter{0};

  const ContendedResult result = RunContended(
      [&] { synchronized([&] { AddUnlocked(counter); })(); },
      {.timeout = kTimeout,
       .calls = kLoops,
       .set_up = [&] { counter = 0; },
       .invariants = {{"no update is lost", [&] { return counter == kThreads * kLoops; }}}});

  EXPECT_FALSE(result.ok()) << result.Summary();
}

// By hand, and forgotten on one way out: the thread that kept the lock waits for it at its next
// call, and all others behind it. The detector has its own word on that.
TEST(CountingUnlocked, WithAnUnlockForgottenHangsAndIsTold) {
  mutex& lock = *new mutex("counter");
  ContendedResult result;

  DETECT_EXPECT_FINDING("self-deadlock", {
    result = RunContended(
        [&](Contender& self) {
          lock.lock();
          if (self.index() != 7) lock.unlock();
        },
        {.threads = kThreads, .rounds = 1, .timeout = kTimeout, .calls = 2});
  });

  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failures.front().kind, ContendedFailure::Kind::kHang);
  EXPECT_NE(result.failures.front().what.find("\"contended worker 7\" waits for counter"),
            std::string::npos)
      << result.failures.front().what;
}

}  // namespace
}  // namespace detect
