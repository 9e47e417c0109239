// What each kind of wait needs, and its nearest healthy twin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/base/kinds.h"
#include "libdetect/snapshot/snapshot.h"
#include "tests/testing/snapshot_builder.h"
#include "tests/unit/analysis/tell.h"

namespace detect {
namespace {

using std::chrono_literals::operator""s;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(RwLockWait, IsProvenWhereAReaderAndAWriterWaitForEachOther) {
  Snapshot s = SnapshotBuilder()
                   .Reads("reader", "rw")
                   .Waits("reader", "A")
                   .Holds("writer", "A")
                   .Waits("writer", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: reader -A-> writer, writer -rw-> reader; "
                                   "members reader writer"));
}

TEST(RwLockWait, ToWriteNeedsEveryReaderToLeave) {
  Snapshot s = SnapshotBuilder()
                   .Reads("running", "rw")
                   .Reads("stuck", "rw")
                   .Waits("stuck", "A")
                   .Holds("writer", "A")
                   .Waits("writer", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: stuck -A-> writer, writer -rw-> stuck; "
                                   "members stuck writer"));
}

TEST(RwLockWait, ToWriteIsFineWhereAllReadersRun) {
  Snapshot s = SnapshotBuilder()
                   .Reads("r1", "rw")
                   .Reads("r2", "rw")
                   .Holds("writer", "A")
                   .Waits("writer", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(RwLockWait, ToReadNeedsTheWriterToLeave) {
  Snapshot s = SnapshotBuilder()
                   .Holds("writer", "rw")
                   .Waits("writer", "A")
                   .Holds("reader", "A")
                   .WaitsToRead("reader", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: writer -A-> reader, reader -rw-> writer; "
                                   "members writer reader"));
}

TEST(RwLockWait, ToReadDoesNotNeedOtherReadersToLeave) {
  Snapshot s = SnapshotBuilder()
                   .Reads("r1", "rw")
                   .Waits("r1", "A")
                   .Holds("r2", "A")
                   .WaitsToRead("r2", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(RwLockWait, OfAReaderThatUpgradesIsForItself) {
  Snapshot s = SnapshotBuilder().Reads("t1", "rw").Waits("t1", "rw").Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -rw-> t1; members t1"));
}

TEST(RwLockWait, OfTwoReadersThatUpgradeIsOneDeadlock) {
  Snapshot s = SnapshotBuilder()
                   .Reads("t1", "rw")
                   .Reads("t2", "rw")
                   .Waits("t1", "rw")
                   .Waits("t2", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -rw-> t2, t2 -rw-> t1; members t1 t2"));
}

TEST(RwLockWait, OfATimedUpgradeIsTemporary) {
  Snapshot s = SnapshotBuilder().Reads("t1", "rw").WaitsUntil("t1", "rw", 3s).Build();

  EXPECT_THAT(Tell(s), ElementsAre("temporary: t1 -rw-> t1; members t1"));
}

SnapshotBuilder ReadsAgainBehindAWriter(RwPreference preference) {
  return SnapshotBuilder()
      .RwLock("rw", preference)
      .Reads("reader", "rw")
      .Waits("writer", "rw")
      .WaitsToRead("reader", "rw");
}

TEST(RwLockWait, OfARecursiveReadIsProvenWhereWritersGoFirst) {
  Snapshot s = ReadsAgainBehindAWriter(RwPreference::kWriters).Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: reader -rw-> writer, writer -rw-> reader; "
                                   "members reader writer"));
}

TEST(RwLockWait, OfARecursiveReadIsFineWhereReadersGoFirst) {
  Snapshot s = ReadsAgainBehindAWriter(RwPreference::kReaders).Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(RwLockWait, OfARecursiveReadIsFineWhereTheWriterCameLater) {
  Snapshot s = SnapshotBuilder()
                   .RwLock("rw", RwPreference::kWriters)
                   .Reads("reader", "rw")
                   .WaitsToRead("reader", "rw")
                   .Waits("writer", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(RwLockWait, OfARecursiveReadBehindATimedWriterIsTemporary) {
  Snapshot s = SnapshotBuilder()
                   .RwLock("rw", RwPreference::kWriters)
                   .Reads("reader", "rw")
                   .WaitsUntil("writer", "rw", 3s)
                   .WaitsToRead("reader", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("temporary: reader -rw-> writer, writer -rw-> reader; "
                                   "members reader writer"));
}

// Written out thread by thread, this crowd's needs would be two million.
TEST(RwLockWait, OfAThousandWritersAmongAThousandReadersIsOneDeadlock) {
  SnapshotBuilder crowd;
  crowd.RwLock("rw", RwPreference::kWriters);
  for (int i = 0; i < 1000; ++i) {
    std::string reader = "r" + std::to_string(i);
    crowd.Reads(reader, "rw").Waits("w" + std::to_string(i), "rw").WaitsToRead(reader, "rw");
  }

  std::vector<Deadlock> found = FindDeadlocks(crowd.Build());

  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].cycle, SizeIs(2));
  EXPECT_THAT(found[0].members, SizeIs(2000));
}

TEST(JoinWait, IsProvenWhereTheThreadWaitsForTheJoinersLock) {
  Snapshot s =
      SnapshotBuilder().Holds("main", "A").Joins("main", "worker").Waits("worker", "A").Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: main -join-> worker, worker -A-> main; "
                                   "members main worker"));
}

TEST(JoinWait, IsFineWhereTheThreadRuns) {
  Snapshot s = SnapshotBuilder().Holds("main", "A").Joins("main", "worker").Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(JoinWait, IsFineWhereTheThreadHasEnded) {
  Snapshot s = SnapshotBuilder().Joins("main", "worker").Ended("worker").Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(JoinWait, IsFineWhereTheThreadIsNoLongerKnown) {
  Snapshot s = SnapshotBuilder().Joins("main", "worker").Build();
  s.resources[0].thread = kNoThread;

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(JoinWait, IsProvenWhereThreadsJoinEachOther) {
  Snapshot s = SnapshotBuilder().Joins("t1", "t2").Joins("t2", "t3").Joins("t3", "t1").Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -join-> t2, t2 -join-> t3, t3 -join-> t1; "
                                   "members t1 t2 t3"));
}

TEST(JoinWait, IsTemporaryInACycleWhereItIsTimed) {
  Snapshot s = SnapshotBuilder()
                   .Holds("main", "A")
                   .JoinsUntil("main", "worker", 3s)
                   .Waits("worker", "A")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("temporary: main -join-> worker, worker -A-> main; "
                                   "members main worker"));
}

SnapshotBuilder OtherHoldsAAndWaitsForB() {
  return SnapshotBuilder().Holds("waiter", "B").Holds("other", "A").Waits("other", "B");
}

TEST(ConditionWait, IsProvenInACycleThroughTheMutexThatItTakesAgain) {
  Snapshot s = OtherHoldsAAndWaitsForB().WaitsOnCondition("waiter", "cv", "A").Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: waiter -A-> other, other -B-> waiter; "
                                   "members waiter other"));
}

TEST(ConditionWait, HasNoDeadlineForTheMutexThatItTakesAgain) {
  Snapshot s = OtherHoldsAAndWaitsForB().WaitsOnConditionUntil("waiter", "cv", "A", 3s).Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: waiter -A-> other, other -B-> waiter; "
                                   "members waiter other"));
}

TEST(ConditionWait, IsFineWhereItIsTimedAndItsMutexIsFree) {
  Snapshot s = SnapshotBuilder()
                   .Holds("waiter", "B")
                   .WaitsOnConditionUntil("waiter", "cv", "A", 3s)
                   .Waits("other", "B")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(ConditionWait, MayTakeAgainAMutexThatItsThreadStillOwns) {
  Snapshot s = SnapshotBuilder()
                   .Holds("waiter", "recursive")
                   .WaitsOnCondition("waiter", "cv", "recursive")
                   .Runs("notifier")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(ConditionWait, IsFineWhileAnyoneRuns) {
  Snapshot s = SnapshotBuilder()
                   .WaitsOnCondition("waiter", "cv", "A")
                   .Joins("main", "waiter")
                   .Runs("other")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(ConditionWait, IsSuspectedWhereEveryoneSleeps) {
  Snapshot s = SnapshotBuilder()
                   .Joins("main", "w1")
                   .WaitsOnCondition("w1", "cv1", "A")
                   .WaitsOnCondition("w2", "cv2", "A")
                   .Build();

  EXPECT_THAT(Tell(s),
              ElementsAre("nobody notifies: w1 -cv1-> nobody; members w1 w2; queued main"));
}

TEST(ConditionWait, IsSuspectedOfTheOnlyThread) {
  Snapshot s = SnapshotBuilder().WaitsOnCondition("main", "cv", "A").Build();

  EXPECT_THAT(Tell(s), ElementsAre("nobody notifies: main -cv-> nobody; members main"));
}

TEST(ConditionWait, IsFineWhereAThreadThatNobodyMetMayNotify) {
  Snapshot s = SnapshotBuilder().WaitsOnCondition("main", "cv", "A").Unseen(1).Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(ConditionWait, IsFineWhereAnotherSleeperWakesByItself) {
  Snapshot s = SnapshotBuilder()
                   .WaitsOnCondition("t1", "cv", "A")
                   .WaitsOnConditionUntil("t2", "cv", "A", 3s)
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(ConditionWait, IsKeptApartFromAProvenDeadlockBesideIt) {
  Snapshot s = SnapshotBuilder()
                   .Holds("t1", "A")
                   .Waits("t1", "A")
                   .WaitsOnCondition("worker", "cv", "B")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -A-> t1; members t1",
                                   "nobody notifies: worker -cv-> nobody; members worker"));
}

TEST(UnknownWait, IsSuspectedWhereEveryoneSleeps) {
  Snapshot s = SnapshotBuilder().Unknown("futex").Waits("t1", "futex").Build();

  EXPECT_THAT(Tell(s), ElementsAre("nobody notifies: t1 -futex-> nobody; members t1"));
}

TEST(UnknownWait, IsFineWhileAnyoneRuns) {
  Snapshot s = SnapshotBuilder().Unknown("futex").Waits("t1", "futex").Runs("t2").Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(EndedThread, IsSuspectedToKeepItsMutexFromAllThatWaitForIt) {
  Snapshot s = SnapshotBuilder()
                   .Holds("gone", "A")
                   .Ended("gone")
                   .Holds("t1", "B")
                   .Waits("t1", "A")
                   .Waits("t2", "A")
                   .Waits("t3", "B")
                   .Runs("t4")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("ended keeps: t1 -A-> gone; members t1 t2; queued t3"));
}

TEST(EndedThread, IsHarmlessWhereTheWaitHasADeadline) {
  Snapshot s = SnapshotBuilder().Holds("gone", "A").Ended("gone").WaitsUntil("t1", "A", 3s).Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(EndedThread, DoesNotMakeACycleBesideItLessThanProven) {
  Snapshot s = SnapshotBuilder()
                   .Reads("gone", "rw")
                   .Ended("gone")
                   .Reads("reader", "rw")
                   .Waits("reader", "A")
                   .Holds("writer", "A")
                   .Waits("writer", "rw")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: reader -A-> writer, writer -rw-> reader; "
                                   "members reader writer"));
}

TEST(OnceWait, IsProvenWhereTwoInitialisersWaitForEachOther) {
  Snapshot s = SnapshotBuilder()
                   .Kind("config", ResourceKind::kOnce)
                   .Kind("log", ResourceKind::kOnce)
                   .Holds("t1", "config")
                   .Waits("t1", "log")
                   .Holds("t2", "log")
                   .Waits("t2", "config")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: t1 -log-> t2, t2 -config-> t1; members t1 t2"));
}

TEST(FutureWait, OfAQueuedTaskIsProvenWhereAllWorkersWaitForSuch) {
  Snapshot s = SnapshotBuilder()
                   .Kind("pool", ResourceKind::kPool)
                   .Kind("f1", ResourceKind::kFuture)
                   .Kind("f2", ResourceKind::kFuture)
                   .IsMember("w1", "pool")
                   .IsMember("w2", "pool")
                   .WaitsForMember("w1", "f1", "pool")
                   .WaitsForMember("w2", "f2", "pool")
                   .Runs("client")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: w1 -f1-> w2, w2 -f2-> w1; members w1 w2"));
}

TEST(FutureWait, OfAQueuedTaskIsFineWhereOneWorkerRuns) {
  Snapshot s = SnapshotBuilder()
                   .Kind("pool", ResourceKind::kPool)
                   .Kind("f1", ResourceKind::kFuture)
                   .IsMember("w1", "pool")
                   .IsMember("w2", "pool")
                   .WaitsForMember("w1", "f1", "pool")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(FutureWait, OfARunningTaskNeedsTheWorkerThatRunsIt) {
  Snapshot s = SnapshotBuilder()
                   .Kind("pool", ResourceKind::kPool)
                   .Kind("f1", ResourceKind::kFuture)
                   .Holds("client", "A")
                   .IsMember("w1", "pool")
                   .IsMember("w2", "pool")
                   .Holds("w1", "f1")
                   .Waits("w1", "A")
                   .WaitsForMember("client", "f1", "pool")
                   .Build();

  EXPECT_THAT(Tell(s), ElementsAre("proven: client -f1-> w1, w1 -A-> client; members client w1"));
}

TEST(FutureWait, OfAPromiseIsSuspectedOnlyWhereNobodyRuns) {
  SnapshotBuilder alone;
  alone.Kind("f1", ResourceKind::kFuture).Waits("t1", "f1");
  SnapshotBuilder with_another = alone;
  with_another.Runs("t2");

  EXPECT_THAT(Tell(alone.Build()), SizeIs(1));
  EXPECT_THAT(Tell(with_another.Build()), IsEmpty());
}

TEST(SemaphoreWait, IsProvenWhereTheWaitersHaveAllPermits) {
  Snapshot s = SnapshotBuilder()
                   .IsMember("t1", "forks")
                   .IsMember("t2", "forks")
                   .WaitsForPermit("t1", "forks", 2)
                   .WaitsForPermit("t2", "forks", 2)
                   .Runs("other")
                   .Build();

  EXPECT_THAT(Tell(s), SizeIs(1));
}

TEST(SemaphoreWait, IsFineWhereAPermitIsNotOnRecord) {
  Snapshot s = SnapshotBuilder()
                   .IsMember("t1", "forks")
                   .WaitsForPermit("t1", "forks", 2)
                   .Runs("has just taken the other")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(SemaphoreWait, IsFineWhereOneOfTheHoldersRuns) {
  Snapshot s = SnapshotBuilder()
                   .IsMember("t1", "forks")
                   .IsMember("t2", "forks")
                   .WaitsForPermit("t1", "forks", 2)
                   .Runs("t2")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

TEST(SemaphoreWait, IsFineWhereAnyoneMayGiveAPermitAndSomebodyRuns) {
  Snapshot s = SnapshotBuilder()
                   .Kind("slots", ResourceKind::kSemaphore)
                   .IsMember("t1", "slots")
                   .Waits("t1", "slots")
                   .Runs("other")
                   .Build();

  EXPECT_THAT(Tell(s), IsEmpty());
}

}  // namespace
}  // namespace detect
