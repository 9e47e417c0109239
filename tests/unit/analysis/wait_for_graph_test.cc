// What a deadlock is and is not, told with mutexes; the other kinds are in wait_kinds_test.cc.
#include "libdetect/analysis/wait_for_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "libdetect/snapshot/snapshot.h"
#include "tests/testing/snapshot_builder.h"
#include "tests/unit/analysis/tell.h"

namespace detect {
namespace {

using std::chrono_literals::operator""s;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

SnapshotBuilder AbBa() {
  return SnapshotBuilder().Holds("t1", "A").Waits("t1", "B").Holds("t2", "B").Waits("t2", "A");
}

TEST(WaitForGraph, FindsNothingInAnEmptySnapshot) { EXPECT_THAT(Tell(Snapshot()), IsEmpty()); }

TEST(WaitForGraph, FindsNothingWhereNobodyWaits) {
  Snapshot s = SnapshotBuilder().Holds("t1", "A").Holds("t2", "B").Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(WaitForGraph, ProvesTwoThreadsThatTakeTwoMutexesInOppositeOrders) {
  Snapshot s = AbBa().Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -B-> t2, t2 -A-> t1; members t1 t2"));
}

TEST(WaitForGraph, FindsNothingWhereTheOwnerRuns) {
  Snapshot s = SnapshotBuilder().Holds("t1", "A").Waits("t1", "B").Holds("t2", "B").Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(WaitForGraph, FindsNothingWhereAMutexIsAboutToBeGranted) {
  Snapshot s = SnapshotBuilder().Waits("t1", "A").Waits("t2", "A").Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(WaitForGraph, ProvesAThreadThatWaitsForItsOwnMutex) {
  Snapshot s = SnapshotBuilder().Holds("t1", "A").Waits("t1", "A").Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -A-> t1; members t1"));
}

TEST(WaitForGraph, ProvesNothingWhileOneOfTwoRecordedOwnersCanAct) {
  Snapshot s = AbBa().Holds("t3", "A").Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(WaitForGraph, ProvesAWaitWhoseRecordedOwnersAreAllStuck) {
  Snapshot s = AbBa().Holds("t3", "A").Waits("t3", "B").Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -B-> t2, t2 -A-> t1; members t1 t2 t3"));
}

TEST(WaitForGraph, TellsThreadsThatQueueFromThoseThatBlockEachOther) {
  Snapshot s = AbBa().Holds("t3", "C").Waits("t3", "A").Waits("t4", "C").Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -B-> t2, t2 -A-> t1; members t1 t2; queued t3 t4"));
}

TEST(WaitForGraph, FindsNothingInAQueueBehindALongHold) {
  Snapshot s =
      SnapshotBuilder().Holds("t1", "A").Holds("t2", "B").Waits("t2", "A").Waits("t3", "B").Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(WaitForGraph, TellsTwoDeadlocksApart) {
  Snapshot s = AbBa()
                   .Holds("t3", "C")
                   .Waits("t3", "D")
                   .Holds("t4", "D")
                   .Waits("t4", "C")
                   .Waits("t5", "C")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -B-> t2, t2 -A-> t1; members t1 t2",
                                   "proven: t3 -D-> t4, t4 -C-> t3; members t3 t4; queued t5"));
}

TEST(WaitForGraph, CountsAThreadBehindTwoDeadlocksOnce) {
  Snapshot s = AbBa()
                   .Holds("t3", "C")
                   .Waits("t3", "C")
                   .Reads("t1", "rw")
                   .Reads("t3", "rw")
                   .Waits("t4", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -B-> t2, t2 -A-> t1; members t1 t2; queued t4",
                                   "proven: t3 -C-> t3; members t3"));
}

TEST(WaitForGraph, ShowsTheShorterOfTwoCyclesInOneKnot) {
  Snapshot s = SnapshotBuilder()
                   .Reads("t1", "rw")
                   .Waits("t1", "A")
                   .Holds("t2", "A")
                   .Waits("t2", "B")
                   .Holds("t3", "B")
                   .Reads("t2", "rw")
                   .Waits("t3", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t2 -B-> t3, t3 -rw-> t2; members t1 t2 t3"));
}

TEST(WaitForGraph, TakesIndicesOutOfRangeForAbsent) {
  Snapshot s = AbBa().Joins("t3", "t1").WaitsOnCondition("t4", "cv", "A").Waits("t5", "A").Build();
  s.holds.push_back({.thread = 99, .resource = 0});
  s.holds.push_back({.thread = 0, .resource = 99});
  s.threads[2].wait->resource = kNoResource;
  s.threads[3].wait->relock = 99;
  s.threads[4].wait.reset();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -B-> t2, t2 -A-> t1; members t1 t2"));
}

// Deadlines.

TEST(WaitForGraph, TimedWaitInsideACycleIsTemporaryNotProven) {
  Snapshot s = SnapshotBuilder()
                   .Holds("t1", "A")
                   .Waits("t1", "B")
                   .Holds("t2", "B")
                   .WaitsUntil("t2", "A", 3s)
                   .Waits("t3", "A")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("temporary: t1 -B-> t2, t2 -A-> t1; members t1 t2; queued t3"));
}

TEST(WaitForGraph, TimedWaitForAThreadThatRunsIsNothing) {
  Snapshot s = SnapshotBuilder().Holds("t1", "A").WaitsUntil("t2", "A", 3s).Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(WaitForGraph, TimedWaitBehindADeadlockIsNoPartOfIt) {
  Snapshot s = AbBa().WaitsUntil("t3", "A", 3s).Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -B-> t2, t2 -A-> t1; members t1 t2"));
}

TEST(WaitForGraph, TimedWaitForOnesOwnMutexIsTemporary) {
  Snapshot s = SnapshotBuilder().Holds("t1", "A").WaitsUntil("t1", "A", 3s).Build();

  EXPECT_THAT(Tell(s), ElementsAre("temporary: t1 -A-> t1; members t1"));
}

TEST(WaitForGraph, ReturnsTheProvenBeforeTheTemporary) {
  Snapshot s = SnapshotBuilder()
                   .Holds("t1", "A")
                   .WaitsUntil("t1", "A", 3s)
                   .Holds("t2", "B")
                   .Waits("t2", "B")
                   .Build();

  EXPECT_THAT(Tell(s),
              ElementsAre("proven: t2 -B-> t2; members t2", "temporary: t1 -A-> t1; members t1"));
}

// Many threads.

class WaitForGraphRing : public testing::TestWithParam<uint32_t> {};

TEST_P(WaitForGraphRing, IsProvenWithEachThreadOnce) {
  uint32_t threads = GetParam();

  std::vector<Deadlock> found = FindDeadlocks(RingOfMutexes(threads));

  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].verdict, Verdict::kProven);
  EXPECT_THAT(found[0].members, SizeIs(threads));
  ASSERT_THAT(found[0].cycle, SizeIs(threads));
  for (ThreadIndex t = 0; t < threads; ++t) {
    uint32_t next = (t + 1) % threads;
    ASSERT_EQ(found[0].cycle[t], (BlockedBy{t, next, next}));
  }
}

TEST_P(WaitForGraphRing, IsNoDeadlockWhereOneThreadRuns) {
  Snapshot chain = RingOfMutexes(GetParam());
  Thread& middle = chain.threads[GetParam() / 2];
  middle.state = ThreadState::kRunning;
  middle.wait.reset();

  EXPECT_THAT(FindDeadlocks(chain), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(OfThreads, WaitForGraphRing, testing::Values(3, 5, 20, 100, 10'000));

}  // namespace
}  // namespace detect
