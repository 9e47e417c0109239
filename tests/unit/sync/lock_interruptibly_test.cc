#include <gtest/gtest.h>

#include <latch>

#include "libdetect/sync/sync.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::AwaitWaiting;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::SlotOf;

// Returns whether it was interrupted instead of taking the lock.
template <typename Lock>
bool IsInterruptedIn(Lock& lock) {
  try {
    lock.lock_interruptibly();
  } catch (const interrupted&) {
    return true;
  }
  return false;
}

template <typename Lock>
class LockInterruptibly : public ::testing::Test {};

using Locks = ::testing::Types<mutex, timed_mutex, recursive_mutex>;
TYPED_TEST_SUITE(LockInterruptibly, Locks);

TYPED_TEST(LockInterruptibly, TakesTheLockWhereNobodyInterrupts) {
  TypeParam lock;

  lock.lock_interruptibly();

  EXPECT_EQ(HoldCount(OwnSlot(), &lock), 1);
  lock.unlock();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TYPED_TEST(LockInterruptibly, ThrowsInAnInterruptedThreadThatThenHoldsNothing) {
  TypeParam lock;
  lock.lock();
  thread waiter(thread_options{.name = "waiter"}, [&] {
    EXPECT_TRUE(IsInterruptedIn(lock));
    EXPECT_EQ(HoldCount(OwnSlot(), &lock), 0);
    EXPECT_EQ(OwnSlot().wait_sequence & 1, 0u);
  });
  AwaitWaiting(SlotOf("waiter"), &lock);

  waiter.interrupt();
  waiter.join();

  lock.unlock();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TYPED_TEST(LockInterruptibly, ThrowsWhereTheLockIsFreeButTheThreadWasInterruptedBefore) {
  TypeParam lock;
  std::latch was_interrupted(1);
  thread t([&] {
    was_interrupted.wait();
    EXPECT_TRUE(IsInterruptedIn(lock));
    EXPECT_FALSE(IsInterruptedIn(lock));
    lock.unlock();
  });

  t.interrupt();
  was_interrupted.count_down();

  t.join();
}

// The interrupted waiter may be the one whom unlock() has woken: another one has to be woken then.
TYPED_TEST(LockInterruptibly, LeavesNoOtherWaiterAsleep) {
  TypeParam lock;
  for (int i = 0; i < 500; ++i) {
    lock.lock();
    std::latch begin(2);
    thread hasty([&] {
      begin.count_down();
      if (!IsInterruptedIn(lock)) lock.unlock();
    });
    thread patient([&] {
      begin.count_down();
      lock.lock();
      lock.unlock();
    });
    begin.wait();

    lock.unlock();
    hasty.interrupt();

    hasty.join();
    patient.join();
  }
}

TYPED_TEST(LockInterruptibly, DoesNotConcernThreadsInLock) {
  TypeParam lock;
  lock.lock();
  thread waiter(thread_options{.name = "waiter"}, [&] {
    lock.lock();
    EXPECT_TRUE(this_thread::is_interrupted());
    lock.unlock();
  });
  AwaitWaiting(SlotOf("waiter"), &lock);

  waiter.interrupt();

  lock.unlock();
  waiter.join();
}

TEST(RecursiveMutex, IsTakenAgainInterruptibly) {
  recursive_mutex m;
  m.lock();

  m.lock_interruptibly();

  EXPECT_EQ(HoldCount(OwnSlot(), &m), 2);
  m.unlock();
  m.unlock();
}

}  // namespace
}  // namespace detect
