#include "libdetect/sync/mutex.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::AwaitWaiting;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::RecordedName;
using ::detect::testing::SlotOf;

constinit mutex g_constant_initialised;

mutex g_named{"global"};

TEST(Mutex, IsReadyBeforeAnyConstructorRuns) {
  g_constant_initialised.lock();

  EXPECT_EQ(HoldCount(OwnSlot(), &g_constant_initialised), 1);
  g_constant_initialised.unlock();
  EXPECT_EQ(HoldCount(OwnSlot(), &g_constant_initialised), 0);
}

TEST(Mutex, IsNoLargerThanTheStandards) { EXPECT_LE(sizeof(mutex), sizeof(std::mutex)); }

TEST(Mutex, IsKnownByItsNameAsLongAsItLives) {
  std::optional<mutex> accounts;
  accounts.emplace(std::string("accounts").c_str());
  const void* address = &*accounts;

  EXPECT_EQ(RecordedName(address), "accounts");
  accounts.reset();
  EXPECT_EQ(RecordedName(address), std::nullopt);
  EXPECT_EQ(RecordedName(&g_named), "global");
}

TEST(Mutex, IsHeldByWhoeverTriesItWithSuccess) {
  mutex m;

  ASSERT_TRUE(m.try_lock());

  EXPECT_EQ(HoldCount(OwnSlot(), &m), 1);
  m.unlock();
  EXPECT_EQ(HoldCount(OwnSlot(), &m), 0);
}

TEST(Mutex, ShowsWhoWaitsAndWhoStandsInTheWay) {
  mutex m;
  m.lock();
  thread waiter(thread_options{.name = "waiter"}, [&] { std::lock_guard hold(m); });
  const recorder::ThreadSlot& slot = SlotOf("waiter");

  AwaitWaiting(slot, &m);

  EXPECT_EQ(slot.wait.kind, static_cast<uint8_t>(ResourceKind::kMutex));
  EXPECT_EQ(slot.wait.mode, static_cast<uint8_t>(AccessMode::kExclusive));
  EXPECT_FALSE(slot.wait.has_deadline);
  EXPECT_EQ(slot.wait.owner_tid, OwnSlot().tid);
  EXPECT_GT(slot.wait.frame_count, 0u);
  const char* const owner = reinterpret_cast<const char*>(&m) + slot.wait.owner_offset;
  EXPECT_EQ(*reinterpret_cast<const std::atomic<int32_t>*>(owner), OwnSlot().tid);
  EXPECT_EQ(HoldCount(slot, &m), 0);
  m.unlock();
  waiter.join();
}

TEST(Mutex, ServesAllWhoQueueForIt) {
  mutex m;
  m.lock();
  int served = 0;
  std::vector<thread> threads;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "queued " + std::to_string(i);
    threads.emplace_back(thread_options{.name = name}, [&] {
      std::lock_guard hold(m);
      ++served;
    });
    AwaitWaiting(SlotOf(name), &m);
  }

  m.unlock();
  for (thread& t : threads) t.join();

  EXPECT_EQ(served, 8);
}

TEST(Mutex, IsNoLongerHeldOnceAnotherThreadHasUnlockedIt) {
  mutex m;
  m.lock();

  thread([&] { m.unlock(); }).join();

  EXPECT_EQ(HoldCount(OwnSlot(), &m), 0);
  EXPECT_TRUE(m.try_lock());
  m.unlock();
}

}  // namespace
}  // namespace detect
