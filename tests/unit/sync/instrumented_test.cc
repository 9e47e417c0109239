#include "libdetect/sync/instrumented.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaiting;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::RecordedName;
using ::detect::testing::SlotOf;

class SpinLock {
 public:
  SpinLock() = default;
  explicit SpinLock(bool locked) : locked_(locked) {}

  void lock() {
    while (!try_lock()) sched_yield();
  }
  bool try_lock() { return !locked_.exchange(true, std::memory_order_acquire); }
  void unlock() { locked_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> locked_{false};
};

// Says the same in other words, as another library's reader-writer lock does.
class OtherMutex {
 public:
  void Lock() { lock_.lock(); }
  bool TryLock() { return lock_.try_lock(); }
  void Unlock() { lock_.unlock(); }
  void ReaderLock() { lock_.lock_shared(); }
  bool ReaderTryLock() { return lock_.try_lock_shared(); }
  void ReaderUnlock() { lock_.unlock_shared(); }

 private:
  std::shared_mutex lock_;
};

}  // namespace

template <>
struct lockable_traits<OtherMutex> {
  static void lock(OtherMutex& m) { m.Lock(); }
  static bool try_lock(OtherMutex& m) { return m.TryLock(); }
  static void unlock(OtherMutex& m) { m.Unlock(); }
  static void lock_shared(OtherMutex& m) { m.ReaderLock(); }
  static bool try_lock_shared(OtherMutex& m) { return m.ReaderTryLock(); }
  static void unlock_shared(OtherMutex& m) { m.ReaderUnlock(); }
};

namespace {

template <typename L>
class Instrumented : public ::testing::Test {};

using Locks =
    ::testing::Types<std::mutex, std::timed_mutex, std::recursive_mutex, std::recursive_timed_mutex,
                     std::shared_mutex, std::shared_timed_mutex, SpinLock, OtherMutex>;
TYPED_TEST_SUITE(Instrumented, Locks);

TYPED_TEST(Instrumented, IsSeenWhileItIsHeld) {
  instrumented<TypeParam> lock;

  lock.lock();
  EXPECT_EQ(HoldCount(OwnSlot(), &lock), 1);
  lock.unlock();
  EXPECT_EQ(HoldCount(OwnSlot(), &lock), 0);

  ASSERT_TRUE(lock.try_lock());
  EXPECT_EQ(HoldCount(OwnSlot(), &lock), 1);
  lock.unlock();
  EXPECT_EQ(HoldCount(OwnSlot(), &lock), 0);
}

TYPED_TEST(Instrumented, ShowsWhoWaitsAndForWhom) {
  instrumented<TypeParam> lock("lock");
  lock.lock();
  thread waiter(thread_options{.name = "waiter"}, [&] { std::lock_guard hold(lock); });
  const recorder::ThreadSlot& slot = SlotOf("waiter");

  AwaitWaiting(slot, &lock);

  EXPECT_EQ(slot.wait.owner_tid, OwnSlot().tid);
  ASSERT_NE(slot.wait.owner_offset, 0u);
  const char* owner = reinterpret_cast<const char*>(&lock) + slot.wait.owner_offset;
  EXPECT_EQ(*reinterpret_cast<const int32_t*>(owner), OwnSlot().tid);
  lock.unlock();
  waiter.join();
  EXPECT_EQ(*reinterpret_cast<const int32_t*>(owner), 0);
}

TYPED_TEST(Instrumented, ExcludesAsTheLockItself) {
  instrumented<TypeParam> lock;
  int counter = 0;
  const auto increment = [&] {
    for (int i = 0; i < 2000; ++i) {
      std::lock_guard hold(lock);
      ++counter;
    }
  };

  thread one(increment), other(increment);
  one.join();
  other.join();

  EXPECT_EQ(counter, 4000);
}

TYPED_TEST(Instrumented, HasItsNameAsLongAsItLives) {
  std::optional<instrumented<TypeParam>> lock;
  lock.emplace("accounts");
  const void* address = &*lock;

  EXPECT_EQ(RecordedName(address), "accounts");
  lock.reset();
  EXPECT_EQ(RecordedName(address), std::nullopt);
}

template <typename L>
class InstrumentedShared : public ::testing::Test {};

using SharedLocks = ::testing::Types<std::shared_mutex, std::shared_timed_mutex, OtherMutex>;
TYPED_TEST_SUITE(InstrumentedShared, SharedLocks);

TYPED_TEST(InstrumentedShared, LetsReadersInTogetherAndShowsThem) {
  instrumented<TypeParam> lock;
  std::shared_lock reads(lock);
  EXPECT_EQ(testing::DetailsOf(OwnSlot().holds[0]).mode, AccessMode::kShared);
  EXPECT_EQ(testing::DetailsOf(OwnSlot().holds[0]).kind, ResourceKind::kRwLock);

  thread([&] {
    EXPECT_FALSE(lock.try_lock());
    ASSERT_TRUE(lock.try_lock_shared());
    EXPECT_EQ(HoldCount(OwnSlot(), &lock), 1);
    lock.unlock_shared();
    EXPECT_EQ(HoldCount(OwnSlot(), &lock), 0);
  }).join();
}

TYPED_TEST(InstrumentedShared, ShowsAReaderThatWaits) {
  instrumented<TypeParam> lock;
  lock.lock();
  thread reader(thread_options{.name = "reader"}, [&] { std::shared_lock reads(lock); });
  const recorder::ThreadSlot& slot = SlotOf("reader");

  AwaitWaiting(slot, &lock);

  EXPECT_EQ(slot.wait.mode, static_cast<uint8_t>(AccessMode::kShared));
  lock.unlock();
  reader.join();
}

TEST(InstrumentedRecursive, CountsHowOftenItsOwnerTookIt) {
  instrumented<std::recursive_mutex> lock;
  lock.lock();
  lock.lock();
  EXPECT_EQ(OwnSlot().depth, 1u);
  EXPECT_EQ(HoldCount(OwnSlot(), &lock), 2);

  lock.unlock();

  EXPECT_EQ(HoldCount(OwnSlot(), &lock), 1);
  lock.unlock();
  EXPECT_EQ(HoldCount(OwnSlot(), &lock), 0);
}

TEST(InstrumentedTimed, ShowsAWaitWithADeadline) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer does not know pthread_mutex_clocklock, which takes this lock";
#endif
  instrumented<std::timed_mutex> lock;
  lock.lock();
  bool taken = false;
  thread waiter(thread_options{.name = "waiter"}, [&] {
    taken = lock.try_lock_for(1h);
    if (taken) lock.unlock();
  });
  const recorder::ThreadSlot& slot = SlotOf("waiter");

  AwaitWaiting(slot, &lock);

  EXPECT_EQ(slot.wait.has_deadline, 1);
  lock.unlock();
  waiter.join();
  EXPECT_TRUE(taken);
}

TEST(InstrumentedTimed, IsNotHeldWhenTheTimeHasCome) {
  instrumented<std::timed_mutex> lock;
  lock.lock();

  thread([&] {
    EXPECT_FALSE(lock.try_lock_until(std::chrono::steady_clock::now()));
    EXPECT_EQ(OwnSlot().depth, 0u);
  }).join();

  lock.unlock();
}

TEST(InstrumentedSpinLock, MakesTheLockFromWhatFollowsTheName) {
  instrumented<SpinLock> lock("table", true);

  EXPECT_FALSE(lock.try_lock());
  lock.get().unlock();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

}  // namespace
}  // namespace detect
