#include "libdetect/sync/recursive_mutex.h"

#include <gtest/gtest.h>

#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::AwaitWaiting;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::RecordedName;
using ::detect::testing::SlotOf;

constinit recursive_mutex g_constant_initialised;

bool IsFree(recursive_mutex& m) {
  bool taken = false;
  thread([&] {
    taken = m.try_lock();
    if (taken) m.unlock();
  }).join();
  return taken;
}

TEST(RecursiveMutex, IsFreeOnlyAfterAsManyUnlocksAsLocks) {
  recursive_mutex& m = g_constant_initialised;

  m.lock();
  ASSERT_TRUE(m.try_lock());
  m.lock();

  m.unlock();
  EXPECT_FALSE(IsFree(m));
  m.unlock();
  EXPECT_FALSE(IsFree(m));
  m.unlock();
  EXPECT_TRUE(IsFree(m));
}

TEST(RecursiveMutex, IsHeldOnceHoweverOftenItIsLocked) {
  recursive_mutex m{"tree"};

  m.lock();
  m.lock();

  EXPECT_EQ(OwnSlot().depth, 1u);
  EXPECT_EQ(HoldCount(OwnSlot(), &m), 2);
  EXPECT_EQ(RecordedName(&m), "tree");
  m.unlock();
  EXPECT_EQ(HoldCount(OwnSlot(), &m), 1);
  m.unlock();
  EXPECT_EQ(OwnSlot().depth, 0u);
}

TEST(RecursiveMutex, CountsForTheRightLockWhereSeveralAreHeld) {
  recursive_mutex a;
  recursive_mutex b;

  a.lock();
  b.lock();
  a.lock();
  a.unlock();

  EXPECT_EQ(HoldCount(OwnSlot(), &a), 1);
  EXPECT_EQ(HoldCount(OwnSlot(), &b), 1);
  a.unlock();
  b.unlock();
  EXPECT_EQ(OwnSlot().depth, 0u);
}

TEST(RecursiveMutex, BlocksEverybodyButItsOwner) {
  recursive_mutex m;
  m.lock();
  m.lock();
  bool entered = false;
  thread waiter(thread_options{.name = "waiter"}, [&] {
    std::lock_guard hold(m);
    entered = true;
  });
  AwaitWaiting(SlotOf("waiter"), &m);

  m.unlock();
  EXPECT_FALSE(entered);  // ordered by the lock, which this thread still holds
  m.unlock();
  waiter.join();

  EXPECT_TRUE(entered);
}

}  // namespace
}  // namespace detect
