// What every lock with deadlines promises, checked on the standard's own types, too.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "libdetect/sync/sync.h"
#include "tests/unit/sync/recorded.h"
#include "tests/unit/sync/stepping_clock.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaiting;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::SlotOf;
using ::detect::testing::SteppingClock;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// Never waited for in full.
constexpr auto kLong = 10min;
constexpr auto kShort = 5ms;

template <typename Lock>
class TimedLockable : public ::testing::Test {};

// ThreadSanitizer does not know pthread_mutex_clocklock, which takes those of std.
#ifdef __SANITIZE_THREAD__
using Locks = ::testing::Types<timed_mutex, recursive_timed_mutex, shared_timed_mutex>;
#else
using Locks = ::testing::Types<std::timed_mutex, timed_mutex, std::recursive_timed_mutex,
                               recursive_timed_mutex, std::shared_timed_mutex, shared_timed_mutex>;
#endif
TYPED_TEST_SUITE(TimedLockable, Locks);

// Returns what `attempt` gives in another thread.
bool Elsewhere(const std::function<bool()>& attempt) {
  bool taken = false;
  std::thread([&] { taken = attempt(); }).join();
  return taken;
}

TYPED_TEST(TimedLockable, TakesAFreeLockWhateverTheDeadline) {
  TypeParam lock;

  ASSERT_TRUE(lock.try_lock_for(-1s));
  lock.unlock();
  ASSERT_TRUE(lock.try_lock_for(1s));
  lock.unlock();
  ASSERT_TRUE(lock.try_lock_until(system_clock::time_point(0s)));
  lock.unlock();
  EXPECT_TRUE(Elsewhere([&] {
    std::unique_lock hold(lock, 1s);
    return hold.owns_lock();
  }));
}

TYPED_TEST(TimedLockable, GivesUpNoEarlierThanItsDeadline) {
  TypeParam lock;
  std::lock_guard hold(lock);

  EXPECT_FALSE(Elsewhere([&] { return lock.try_lock_for(-1s); }));
  const auto steady = steady_clock::now() + kShort;
  EXPECT_FALSE(Elsewhere([&] { return lock.try_lock_for(kShort); }));
  EXPECT_GE(steady_clock::now(), steady);

  const auto system = system_clock::now() + kShort;
  EXPECT_FALSE(Elsewhere([&] { return lock.try_lock_until(system); }));
  EXPECT_GE(system_clock::now(), system);
}

TYPED_TEST(TimedLockable, WaitsByTheClockThatTheDeadlineIsOf) {
  TypeParam lock;
  std::lock_guard hold(lock);
  const auto time = SteppingClock::now() + 20ms;

  EXPECT_FALSE(Elsewhere([&] { return lock.try_lock_until(time); }));

  EXPECT_GE(SteppingClock::LastSeen(), time);
}

TEST(RecursiveTimedMutex, IsFreeOnlyAfterAsManyUnlocksAsLocks) {
  recursive_timed_mutex m{"tree"};
  EXPECT_EQ(testing::RecordedName(&m), "tree");

  m.lock();
  ASSERT_TRUE(m.try_lock());
  ASSERT_TRUE(m.try_lock_for(-1s));
  ASSERT_TRUE(m.try_lock_until(steady_clock::now()));
  EXPECT_EQ(HoldCount(OwnSlot(), &m), 4);

  for (int i = 0; i < 3; ++i) m.unlock();
  EXPECT_FALSE(Elsewhere([&] { return m.try_lock(); }));
  m.unlock();
  EXPECT_TRUE(Elsewhere([&] {
    std::unique_lock hold(m, std::try_to_lock);
    return hold.owns_lock();
  }));
  EXPECT_EQ(OwnSlot().depth, 0u);
}

TEST(SharedTimedMutex, LetsReadersInTogetherAndNoWriterWithThem) {
  shared_timed_mutex m{"routes"};
  EXPECT_EQ(testing::RecordedName(&m), "routes");
  std::shared_lock hold(m);

  EXPECT_TRUE(Elsewhere([&] {
    std::shared_lock hold_too(m, 1s);
    return hold_too.owns_lock();
  }));
  EXPECT_TRUE(Elsewhere([&] {
    std::shared_lock hold_too(m, steady_clock::now() + 1s);
    return hold_too.owns_lock();
  }));
  EXPECT_FALSE(Elsewhere([&] { return m.try_lock_for(kShort); }));
}

TEST(SharedTimedMutex, KeepsReadersOutUntilTheirDeadlineWhileAWriterIsInside) {
  shared_timed_mutex m;
  std::lock_guard hold(m);

  const auto steady = steady_clock::now() + kShort;
  EXPECT_FALSE(Elsewhere([&] { return m.try_lock_shared_for(kShort); }));
  EXPECT_FALSE(Elsewhere([&] { return m.try_lock_shared_until(steady); }));

  EXPECT_GE(steady_clock::now(), steady);
}

class SharedTimedMutexOfEitherPreference : public ::testing::TestWithParam<RwPreference> {};

INSTANTIATE_TEST_SUITE_P(, SharedTimedMutexOfEitherPreference,
                         ::testing::Values(RwPreference::kReaders, RwPreference::kWriters),
                         [](const auto& info) {
                           return info.param == RwPreference::kReaders ? "Readers" : "Writers";
                         });

TEST_P(SharedTimedMutexOfEitherPreference, ShowsWhoWaitsAndIsTakenInTime) {
  shared_timed_mutex m(GetParam());
  m.lock();
  thread reader(thread_options{.name = "reader"}, [&] {
    EXPECT_TRUE(m.try_lock_shared_for(kLong));
    m.unlock_shared();
  });
  thread writer(thread_options{.name = "writer"}, [&] {
    EXPECT_TRUE(m.try_lock_for(kLong));
    m.unlock();
  });
  const recorder::ThreadSlot& slot = SlotOf("reader");
  AwaitWaiting(slot, &m);
  AwaitWaiting(SlotOf("writer"), &m);

  EXPECT_TRUE(slot.wait.has_deadline);
  EXPECT_EQ(slot.wait.mode, static_cast<uint8_t>(AccessMode::kShared));
  EXPECT_EQ(slot.wait.preference, static_cast<uint8_t>(GetParam()));
  m.unlock();
  reader.join();
  writer.join();
}

// Readers and writers that often give up; a lost wake-up would leave a patient one asleep.
TEST_P(SharedTimedMutexOfEitherPreference, LosesNoWakeUpToWhomTheTimeRunsOut) {
  constexpr int kRounds = 1'000;
  shared_timed_mutex m(GetParam());
  std::vector<thread> threads;
  int written = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        if (i % 2 == 0) {
          while (!m.try_lock_for(1us)) {
          }
          ++written;
          m.unlock();
        } else {
          while (!m.try_lock_shared_for(1us)) {
          }
          m.unlock_shared();
        }
      }
    });
  }
  threads.emplace_back([&] {
    for (int round = 0; round < kRounds; ++round) std::lock_guard hold(m);
  });
  threads.emplace_back([&] {
    for (int round = 0; round < kRounds; ++round) std::shared_lock hold(m);
  });
  for (thread& t : threads) t.join();

  EXPECT_EQ(written, 2 * kRounds);
}

TEST(SharedTimedMutex, NoLongerKeepsReadersWaitingForAWriterThatGaveUp) {
  shared_timed_mutex m;
  m.lock_shared();
  bool read = false;
  thread writer([&] { EXPECT_FALSE(m.try_lock_for(kShort)); });
  thread reader([&] {
    std::shared_lock hold(m);
    read = true;
  });

  writer.join();
  reader.join();  // while this thread still reads, so that nobody's unlock has helped

  EXPECT_TRUE(read);
  m.unlock_shared();
}

}  // namespace
}  // namespace detect
