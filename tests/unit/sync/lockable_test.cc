// What every lock promises, checked on the standard's own types, too: so each of these is a promise
// of the standard and not of ours alone.
#include <gtest/gtest.h>

#include <cerrno>
#include <latch>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "libdetect/sync/sync.h"

namespace {

constexpr int kThreads = 8;
constexpr int kRounds = 5'000;

template <typename Lock>
class Lockable : public ::testing::Test {};

using Locks =
    ::testing::Types<std::mutex, detect::mutex, std::timed_mutex, detect::timed_mutex,
                     std::recursive_mutex, detect::recursive_mutex, std::recursive_timed_mutex,
                     detect::recursive_timed_mutex, std::shared_mutex, detect::shared_mutex,
                     std::shared_timed_mutex, detect::shared_timed_mutex>;
TYPED_TEST_SUITE(Lockable, Locks);

// Returns whether another thread could take the lock now.
template <typename Lock>
bool IsFree(Lock& lock) {
  bool taken = false;
  std::thread([&] {
    taken = lock.try_lock();
    if (taken) lock.unlock();
  }).join();
  return taken;
}

TYPED_TEST(Lockable, CanBeNeitherCopiedNorMoved) {
  static_assert(std::is_default_constructible_v<TypeParam>);
  static_assert(!std::is_copy_constructible_v<TypeParam>);
  static_assert(!std::is_move_constructible_v<TypeParam>);
  static_assert(!std::is_copy_assignable_v<TypeParam>);
  static_assert(!std::is_move_assignable_v<TypeParam>);
}

TYPED_TEST(Lockable, KeepsOthersOutFromLockToUnlock) {
  TypeParam lock;

  EXPECT_TRUE(IsFree(lock));
  lock.lock();
  EXPECT_FALSE(IsFree(lock));
  lock.unlock();
  EXPECT_TRUE(IsFree(lock));
}

TYPED_TEST(Lockable, TryLockTakesAFreeLock) {
  TypeParam lock;

  ASSERT_TRUE(lock.try_lock());

  EXPECT_FALSE(IsFree(lock));
  lock.unlock();
  EXPECT_TRUE(IsFree(lock));
}

TYPED_TEST(Lockable, ServesTheStandardsLockHolders) {
  TypeParam a;
  TypeParam b;

  {
    std::lock_guard hold(a);
    EXPECT_FALSE(IsFree(a));
  }
  {
    std::unique_lock hold(a, std::try_to_lock);
    ASSERT_TRUE(hold.owns_lock());
    hold.unlock();
    EXPECT_TRUE(IsFree(a));
  }
  {
    std::scoped_lock hold(a, b);
    EXPECT_FALSE(IsFree(a));
    EXPECT_FALSE(IsFree(b));
  }
  EXPECT_TRUE(IsFree(a));
  EXPECT_TRUE(IsFree(b));
}

TYPED_TEST(Lockable, LetsInOneOfManyThreadsAtATime) {
  TypeParam lock;
  int64_t counter = 0;  // a plain variable: the lock is all that orders its users
  std::latch start(kThreads);
  std::vector<std::jthread> threads;

  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int round = 0; round < kRounds; ++round) {
        std::lock_guard hold(lock);
        ++counter;
      }
    });
  }
  threads.clear();

  EXPECT_EQ(counter, int64_t{kThreads} * kRounds);
}

TYPED_TEST(Lockable, MayBeDestroyedByWhoeverUnlocksItLast) {
  struct Shared {
    TypeParam lock;
    int users = 2;
  };
  const auto leave = [](Shared* shared) {
    shared->lock.lock();
    const bool last = --shared->users == 0;
    shared->lock.unlock();
    if (last) delete shared;
  };

  for (int round = 0; round < 500; ++round) {
    auto* shared = new Shared;
    std::thread other(leave, shared);
    leave(shared);
    other.join();
  }
}

TYPED_TEST(Lockable, KeepsErrno) {
  TypeParam lock;
  lock.lock();
  std::latch blocked(1);
  int error = 0;
  std::thread other([&] {
    errno = ENOTTY;
    blocked.count_down();
    lock.lock();
    lock.unlock();
    error = errno;
  });

  blocked.wait();
  errno = EXDEV;
  lock.unlock();

  EXPECT_EQ(errno, EXDEV);
  other.join();
  EXPECT_EQ(error, ENOTTY);
}

}  // namespace
