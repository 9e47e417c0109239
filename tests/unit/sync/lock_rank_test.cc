#include "libdetect/sync/lock_rank.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "libdetect/sync/sync.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::MisuseLog;
using ::detect::testing::OwnSlot;

constexpr lock_rank kTable{1};
constexpr lock_rank kRow{2};
constexpr lock_rank kCell{3};

constinit mutex g_constant_initialised{kTable};

// Returns how many misuses of ranks `take` is reported for.
template <typename F>
size_t CountIn(F take) {
  const MisuseLog log;
  take();
  return log.Of(Misuse::kRank).size();
}

// Returns where the caller took what it took last.
uint32_t SiteOfLastHold() { return testing::DetailsOf(OwnSlot().holds[OwnSlot().depth - 1]).site; }

TEST(LockRank, IsNoMemoryInALock) { EXPECT_EQ(sizeof(mutex), 12u); }

template <typename Lock>
class RankOf : public ::testing::Test {};

using Locks = ::testing::Types<mutex, timed_mutex, recursive_mutex>;
TYPED_TEST_SUITE(RankOf, Locks);

TYPED_TEST(RankOf, LocksThatAreTakenUpwardsIsKept) {
  TypeParam table(kTable), row("row", kRow), cell(kCell);

  EXPECT_EQ(CountIn([&] { std::scoped_lock hold(table); }), 0u);
  EXPECT_EQ(CountIn([&] {
              std::lock_guard holds_table(table);
              std::lock_guard holds_row(row);
              std::lock_guard holds_cell(cell);
            }),
            0u);
}

TYPED_TEST(RankOf, ALockTakenDownwardsIsReportedWithWhereTheOtherOneWasTaken) {
  TypeParam table(kTable), row(kRow);
  const MisuseLog log;

  row.lock();
  const uint32_t row_site = SiteOfLastHold();
  table.lock();
  const uint32_t table_site = SiteOfLastHold();
  table.unlock();
  row.unlock();

  ASSERT_EQ(log.Of(Misuse::kRank).size(), 1u);
  const recorder::MisuseRecord& misuse = *log.Of(Misuse::kRank)[0];
  EXPECT_EQ(misuse.resource, recorder::AddressOf(&table));
  EXPECT_EQ(misuse.other_resource, recorder::AddressOf(&row));
  EXPECT_EQ(misuse.kind, static_cast<uint8_t>(ResourceKind::kMutex));
  EXPECT_EQ(misuse.thread, OwnSlot().number);
  EXPECT_EQ(misuse.site, table_site);
  EXPECT_EQ(misuse.other_site, row_site);
}

TYPED_TEST(RankOf, TwoLocksIsReportedWhereItIsTheSame) {
  TypeParam one(kRow), other(kRow);

  EXPECT_EQ(CountIn([&] {
              std::lock_guard holds_one(one);
              std::lock_guard holds_other(other);
            }),
            1u);
}

TYPED_TEST(RankOf, WhatIsNoLongerHeldCountsNoMore) {
  TypeParam table(kTable), row(kRow), cell(kCell);

  EXPECT_EQ(CountIn([&] {
              table.lock();
              cell.lock();
              table.unlock();  // not the last one taken
              cell.unlock();
              row.lock();
              row.unlock();
            }),
            0u);
}

TYPED_TEST(RankOf, ATriedLockIsNotCheckedButCounts) {
  TypeParam table(kTable), row(kRow), cell(kCell);
  std::lock_guard holds_row(row);

  EXPECT_EQ(CountIn([&] {
              ASSERT_TRUE(table.try_lock());
              table.unlock();
            }),
            0u);

  ASSERT_TRUE(cell.try_lock());
  EXPECT_EQ(CountIn([&] { std::lock_guard holds_table(table); }), 1u);
  cell.unlock();
}

TYPED_TEST(RankOf, LocksWithoutOneIsIgnored) {
  TypeParam ranked(kRow), plain;

  EXPECT_EQ(CountIn([&] {
              std::lock_guard holds_plain(plain);
              std::lock_guard holds_ranked(ranked);
            }),
            0u);
  EXPECT_EQ(CountIn([&] {
              std::lock_guard holds_ranked(ranked);
              std::lock_guard holds_plain(plain);
            }),
            0u);
}

TYPED_TEST(RankOf, LocksIsThatOfOneThreadsLocks) {
  TypeParam table(kTable), row(kRow);
  std::lock_guard holds_row(row);

  EXPECT_EQ(CountIn([&] { thread([&] { std::lock_guard hold(table); }).join(); }), 0u);
}

// Those that another thread than their owner can unlock.
template <typename Lock>
class RankOfOwnerless : public ::testing::Test {};

using OwnerlessLocks = ::testing::Types<mutex, timed_mutex>;
TYPED_TEST_SUITE(RankOfOwnerless, OwnerlessLocks);

TYPED_TEST(RankOfOwnerless, ALockThatAnotherThreadReleasedCountsNoMore) {
  TypeParam table(kTable), row(kRow);
  row.lock();
  thread([&] { row.unlock(); }).join();

  EXPECT_EQ(CountIn([&] { std::lock_guard hold(table); }), 0u);
}

TYPED_TEST(RankOfOwnerless, ALockThatAnotherThreadReleasedIsNotThatOfTheNextOneAtItsAddress) {
  TypeParam table(kTable);
  std::optional<TypeParam> reused(kCell);
  reused->lock();
  thread([&] { reused->unlock(); }).join();
  reused.emplace();

  EXPECT_EQ(CountIn([&] {
              std::lock_guard holds_reused(*reused);
              std::lock_guard holds_table(table);
            }),
            0u);
}

TEST(LockRank, IsCheckedOfAConstantInitialisedLock) {
  mutex row(kRow);
  std::lock_guard holds_row(row);

  EXPECT_EQ(CountIn([&] { std::lock_guard hold(g_constant_initialised); }), 1u);
}

TEST(LockRank, IsNotThatOfALockTakenAgainByItsOwner) {
  recursive_mutex table(kTable), row(kRow);

  EXPECT_EQ(CountIn([&] {
              std::lock_guard holds_table(table);
              std::lock_guard holds_row(row);
              std::lock_guard again(table);
            }),
            0u);
}

TEST(LockRank, IsCheckedOfAWaitWithADeadlineAndOfAnInterruptibleOne) {
  timed_mutex table(kTable), row(kRow);
  std::lock_guard holds_row(row);

  EXPECT_EQ(CountIn([&] {
              ASSERT_TRUE(table.try_lock_for(1h));
              table.unlock();
            }),
            1u);
  EXPECT_EQ(CountIn([&] {
              table.lock_interruptibly();
              table.unlock();
            }),
            1u);
}

TEST(LockRank, SurvivesMoreLocksThanAreChecked) {
  std::vector<std::unique_ptr<mutex>> locks;
  for (uint16_t level = 1; level <= sync::kMaxRankedHolds + 1; ++level) {
    locks.push_back(std::make_unique<mutex>(lock_rank{level}));
  }

  EXPECT_EQ(CountIn([&] {
              for (auto& lock : locks) lock->lock();
              for (auto& lock : locks) lock->unlock();
            }),
            0u);
  mutex low(kTable);
  EXPECT_EQ(CountIn([&] { std::lock_guard hold(low); }), 0u);
}

}  // namespace
}  // namespace detect
