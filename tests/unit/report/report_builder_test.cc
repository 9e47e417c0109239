#include "libdetect/report/report_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libdetect/report/report_index.h"
#include "tests/testing/fake_symbolizer.h"
#include "tests/testing/snapshot_builder.h"
#include "tests/unit/report/scenes.h"

namespace detect {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> NamesOf(const Report& report) {
  std::vector<std::string> names;
  for (const ReportResource& resource : report.resources) names.push_back(resource.name);
  return names;
}

std::vector<uint32_t> ThreadsOf(const std::vector<ReportStep>& steps) {
  std::vector<uint32_t> ids;
  for (const ReportStep& step : steps) ids.push_back(step.thread);
  return ids;
}

// A ring of two over locks whose names and creation are then taken away or given.
Snapshot UnnamedRing(FakeSymbolizer& at) {
  SnapshotBuilder s;
  s.Holds("t1", "A").Waits("t1", "B").Holds("t2", "B").Waits("t2", "A");
  s.HoldStack("t1", "A", at.Locks("f()", "/src/f.cc", 1));
  s.HoldStack("t2", "B", at.Locks("g()", "/src/g.cc", 2));
  Snapshot snapshot = s.Build();
  for (Resource& resource : snapshot.resources) resource.name = 0;
  return snapshot;
}

TEST(ReportBuilder, CycleStepsPointAtEachOther) {
  const Report report = TwoCycle();

  ASSERT_THAT(report.findings, SizeIs(1));
  const std::vector<ReportStep>& cycle = report.findings[0].cycle;
  ASSERT_THAT(cycle, SizeIs(2));
  EXPECT_EQ(cycle[0].blocker, cycle[1].thread);
  EXPECT_EQ(cycle[1].blocker, cycle[0].thread);
  EXPECT_EQ(cycle[0].waits_for, cycle[1].holds.front().resource);
  EXPECT_EQ(cycle[1].waits_for, cycle[0].holds.front().resource);
}

TEST(ReportBuilder, AGlobalVariableNamesItsLock) {
  FakeSymbolizer at;
  const Snapshot snapshot = UnnamedRing(at);
  at.NameData(snapshot.resources[0].address, "bank::accounts");

  EXPECT_THAT(NamesOf(ReportOn(snapshot, at)),
              ElementsAre("bank::accounts", "mutex locked at g.cc:2"));
}

TEST(ReportBuilder, AnAnonymousNamespaceIsNoPartOfALocksName) {
  FakeSymbolizer at;
  const Snapshot snapshot = UnnamedRing(at);
  at.NameData(snapshot.resources[0].address, "bank::(anonymous namespace)::accounts");

  EXPECT_EQ(NamesOf(ReportOn(snapshot, at))[0], "bank::accounts");
}

TEST(ReportBuilder, TheNameGivenWinsOverTheVariable) {
  FakeSymbolizer at;
  Snapshot snapshot = UnnamedRing(at);
  snapshot.resources[0].name = snapshot.AddName("accounts");
  at.NameData(snapshot.resources[0].address, "bank::m");

  EXPECT_EQ(NamesOf(ReportOn(snapshot, at))[0], "accounts");
}

TEST(ReportBuilder, WhereItWasCreatedNamesALockBeforeWhereItWasLocked) {
  FakeSymbolizer at;
  Snapshot snapshot = UnnamedRing(at);
  snapshot.resources[0].created_at =
      snapshot.AddStack({at.Address("Bank::Bank()", "/src/bank.h", 12)});

  EXPECT_THAT(NamesOf(ReportOn(snapshot, at)),
              ElementsAre("mutex created at bank.h:12", "mutex locked at g.cc:2"));
}

TEST(ReportBuilder, TwoLocksOfOneNameAreBothNumbered) {
  FakeSymbolizer at;
  Snapshot snapshot = UnnamedRing(at);
  for (Resource& resource : snapshot.resources) resource.name = snapshot.AddName("account");

  EXPECT_THAT(NamesOf(ReportOn(snapshot, at)), ElementsAre("account #1", "account #2"));
}

TEST(ReportBuilder, ALockOfWhichNothingIsKnownIsStillNoBareAddress) {
  FakeSymbolizer at;
  Snapshot snapshot = UnnamedRing(at);
  for (Hold& hold : snapshot.holds) hold.stack = 0;

  EXPECT_THAT(NamesOf(ReportOn(snapshot, at)), ElementsAre("unnamed mutex #1", "unnamed mutex #2"));
}

TEST(ReportBuilder, ANameThatWasToldIsKeptAndALaterLockTakesTheNextNumber) {
  FakeSymbolizer at;
  const Snapshot first = UnnamedRing(at);
  Snapshot second = first;
  for (Resource& resource : second.resources) resource.address += 0x1000;
  ReportBuilder builder;

  builder.AddDeadlock(first, FindDeadlocks(first).at(0), at);
  builder.AddDeadlock(second, FindDeadlocks(second).at(0), at);

  EXPECT_THAT(NamesOf(*builder.report()),
              ElementsAre("mutex locked at f.cc:1", "mutex locked at g.cc:2",
                          "mutex locked at f.cc:1 #2", "mutex locked at g.cc:2 #2"));
}

TEST(ReportBuilder, TheSameThreadsAndLocksAreInTheReportOnce) {
  FakeSymbolizer at;
  const Snapshot snapshot = UnnamedRing(at);
  const Deadlock deadlock = FindDeadlocks(snapshot).at(0);
  ReportBuilder builder;

  EXPECT_EQ(builder.AddDeadlock(snapshot, deadlock, at), 0u);
  EXPECT_EQ(builder.AddDeadlock(snapshot, deadlock, at), 1u);

  EXPECT_THAT(builder.report()->threads, SizeIs(2));
  EXPECT_THAT(builder.report()->resources, SizeIs(2));
  EXPECT_EQ(builder.report()->findings[0], builder.report()->findings[1]);
}

TEST(ReportBuilder, AThreadWithoutANameIsNamedByItsTid) {
  FakeSymbolizer at;
  Snapshot snapshot = UnnamedRing(at);
  for (Thread& thread : snapshot.threads) thread.name = 0;
  snapshot.threads[0].tid = snapshot.pid;
  snapshot.threads[1].tid = 4242;

  const Report report = ReportOn(snapshot, at);

  EXPECT_EQ(report.threads[0].name, "main");
  EXPECT_EQ(report.threads[1].name, "thread 4242");
}

TEST(ReportBuilder, ThreadsOfOneNameAreToldApartByTheirTids) {
  FakeSymbolizer at;
  Snapshot snapshot = UnnamedRing(at);
  for (Thread& thread : snapshot.threads) thread.name = snapshot.AddName("worker");

  EXPECT_EQ(ReportOn(snapshot, at).findings[0].summary,
            "\"worker (1001)\" and \"worker (1002)\" wait for each other");
}

TEST(ReportBuilder, FingerprintStaysWhenLinesAddressesAndThreadsChange) {
  FakeSymbolizer at;
  const Snapshot first = UnnamedRing(at);
  SnapshotBuilder s;
  s.Holds("x", "B").Waits("x", "A").Holds("y", "A").Waits("y", "B");
  s.HoldStack("y", "A", at.Locks("f()", "/src/f.cc", 101));
  s.HoldStack("x", "B", at.Locks("g()", "/src/g.cc", 102));
  Snapshot second = s.Build();
  for (Resource& resource : second.resources) {
    resource.name = 0;
    resource.address += 0x10000;
  }

  EXPECT_EQ(ReportOn(first, at).findings[0].fingerprint,
            ReportOn(second, at).findings[0].fingerprint);
  EXPECT_NE(ReportOn(first, at).findings[0].fingerprint, TwoCycle().findings[0].fingerprint);
}

TEST(ReportBuilder, SinceIsWhenTheLastMemberBeganToWait) {
  SnapshotBuilder s;
  s.Holds("t1", "A").Waits("t1", "B").Holds("t2", "B").Waits("t2", "A");
  Snapshot snapshot = s.Build();
  snapshot.threads[0].wait->since_ns = snapshot.taken_ns - 7'000'000'000;
  snapshot.threads[1].wait->since_ns = snapshot.taken_ns - 2'500'400'000;
  FakeSymbolizer at;

  const Finding finding = ReportOn(snapshot, at).findings.at(0);

  EXPECT_EQ(finding.since_seconds, 2.5);
  EXPECT_EQ(finding.cycle[0].since_seconds, 7.0);
}

TEST(ReportBuilder, AWaitThatBeginsInTheFutureCountsAsNow) {
  SnapshotBuilder s;
  s.Holds("t1", "A").Waits("t1", "A");
  Snapshot snapshot = s.Build();
  snapshot.threads[0].wait->since_ns = INT64_MAX;
  snapshot.taken_ns = INT64_MIN;
  FakeSymbolizer at;

  EXPECT_EQ(ReportOn(snapshot, at).findings.at(0).since_seconds, 0.0);
}

TEST(ReportBuilder, QueuedThreadsNameWhoIsInTheirWay) {
  const Finding finding = ThreeCycleWithQueue().findings.at(0);

  EXPECT_THAT(ThreadsOf(finding.queued), ElementsAre(4, 5, 6, 7, 8));
  EXPECT_EQ(finding.queued[0].blocker, finding.cycle[0].thread);
  EXPECT_THAT(finding.involved, IsEmpty());
}

TEST(ReportBuilder, AKnotLargerThanItsCycleListsTheRestAsInvolved) {
  // One writer waits for two readers, which both wait for the mutex that it holds.
  SnapshotBuilder s;
  s.Reads("r1", "cache").Reads("r2", "cache").Holds("w", "m");
  s.Waits("r1", "m").Waits("r2", "m").Waits("w", "cache");
  FakeSymbolizer at;

  const Finding finding = ReportOn(s.Build(), at).findings.at(0);

  EXPECT_THAT(finding.cycle, SizeIs(2));
  EXPECT_THAT(finding.involved, SizeIs(1));
}

TEST(ReportBuilder, AnEndedOwnerIsInvolvedAndWaitsForNothing) {
  const Report report = EndedOwner();

  const Finding& finding = report.findings.at(0);
  ASSERT_THAT(finding.involved, SizeIs(1));
  EXPECT_EQ(finding.involved[0].waits_for, std::nullopt);
  EXPECT_EQ(finding.cycle[0].blocker, finding.involved[0].thread);
  EXPECT_EQ(ReportIndex(report).Thread(finding.involved[0].thread).state, "ended");
}

TEST(ReportBuilder, ARetakeNamesMutexAndCondition) {
  const Report report = ConditionRetake();

  const ReportIndex index(report);
  const ReportStep& consumer = report.findings.at(0).cycle[0];
  EXPECT_EQ(index.Resource(*consumer.waits_for).name, "queue");
  EXPECT_EQ(index.Resource(*consumer.condition).name, "not_empty");
}

TEST(ReportBuilder, TheLockOfTheCycleComesFirstAmongThoseHeld) {
  SnapshotBuilder s;
  s.Holds("t1", "X").Holds("t1", "A").Waits("t1", "B");
  s.Holds("t2", "B").Waits("t2", "A").Waits("queued", "X");
  FakeSymbolizer at;

  const Report report = ReportOn(s.Build(), at);

  const std::vector<ReportHold>& holds = report.findings.at(0).cycle[0].holds;
  ASSERT_THAT(holds, SizeIs(2));
  EXPECT_EQ(ReportIndex(report).Resource(holds[0].resource).name, "A");
  EXPECT_EQ(ReportIndex(report).Resource(holds[1].resource).name, "X");
}

TEST(ReportBuilder, LocksThatNobodyWaitsForAreLeftOut) {
  SnapshotBuilder s;
  s.Holds("t1", "unrelated").Holds("t1", "A").Waits("t1", "B").Holds("t2", "B").Waits("t2", "A");
  FakeSymbolizer at;

  EXPECT_THAT(NamesOf(ReportOn(s.Build(), at)), ElementsAre("A", "B"));
}

TEST(ReportBuilder, AJoinedThreadIsAResourceOfItsName) {
  SnapshotBuilder s;
  s.Holds("main", "A").Joins("main", "worker").Waits("worker", "A");
  FakeSymbolizer at;

  EXPECT_THAT(NamesOf(ReportOn(s.Build(), at)), ElementsAre("A", "thread worker"));
}

}  // namespace
}  // namespace detect
