// The sentence that says what to change, one test per shape of deadlock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libdetect/report/report.h"
#include "tests/testing/fake_symbolizer.h"
#include "tests/testing/snapshot_builder.h"
#include "tests/unit/report/scenes.h"

namespace detect {
namespace {

using testing::HasSubstr;

// A SnapshotBuilder that also tells source lines.
class Told : public SnapshotBuilder {
 public:
  // Where `thread` acquired `lock`.
  Told& Took(const std::string& thread, const std::string& lock, const std::string& file,
             int line) {
    HoldStack(thread, lock, at_.Locks("f", file, line));
    return *this;
  }
  // Where `thread` waits.
  Told& Stands(const std::string& thread, const std::string& file, int line) {
    WaitStack(thread, at_.Locks("f", file, line));
    return *this;
  }
  Finding Finish() { return ReportOn(Build(), at_).findings.at(0); }

 private:
  FakeSymbolizer at_;
};

TEST(Advice, TwoLocksInOppositeOrderNameTheOneToChange) {
  EXPECT_EQ(TwoCycle().findings.at(0).fix,
            "take accounts before audit in both: change auditor at log.cc:18-22");
}

TEST(Advice, ALongerRingGivesOneOrderForAll) {
  EXPECT_EQ(ThreeCycleWithQueue().findings.at(0).fix,
            "take the locks in one order everywhere, such as cache, index and journal: "
            "change syncer at sync.cc:30 and flush.cc:5");
}

TEST(Advice, OneSiteThatTakesTwoLocksIsToTakeThemTogether) {
  Told t;
  t.Holds("p1", "fork 1").Waits("p1", "fork 2").Holds("p2", "fork 2").Waits("p2", "fork 1");
  t.Took("p1", "fork 1", "dine.cc", 5).Stands("p1", "dine.cc", 6);
  t.Took("p2", "fork 2", "dine.cc", 5).Stands("p2", "dine.cc", 6);

  EXPECT_THAT(t.Finish().fix, HasSubstr("take both locks at dine.cc:5-6 together"));
}

TEST(Advice, AMutexLockedTwiceByOneThread) {
  Told t;
  t.Holds("t", "m").Waits("t", "m");
  t.Took("t", "m", "a.cc", 1).Stands("t", "a.cc", 9);

  const Finding finding = t.Finish();

  EXPECT_EQ(finding.rule, "self-deadlock");
  EXPECT_EQ(finding.summary, "\"t\" waits for m, which it holds itself");
  EXPECT_EQ(finding.fix,
            "release m (locked at a.cc:1) before locking it again at a.cc:9, or make it a "
            "recursive mutex");
}

TEST(Advice, TwoReadersThatUpgrade) {
  Told t;
  t.Reads("r1", "cache").Reads("r2", "cache").Waits("r1", "cache").Waits("r2", "cache");
  t.Took("r1", "cache", "r.cc", 3).Stands("r1", "r.cc", 9);
  t.Took("r2", "cache", "r.cc", 3).Stands("r2", "r.cc", 9);

  EXPECT_EQ(t.Finish().fix,
            "take cache for writing at once at r.cc:3 instead of upgrading a read lock at r.cc:9");
}

TEST(Advice, AReaderThatReadsAgainBehindAWriter) {
  Told t;
  t.RwLock("cache", RwPreference::kWriters);
  t.Reads("r", "cache").Waits("w", "cache").WaitsToRead("r", "cache");
  t.Took("r", "cache", "r.cc", 3).Stands("r", "r.cc", 9).Stands("w", "w.cc", 4);

  EXPECT_EQ(t.Finish().fix,
            "release the read lock of cache taken at r.cc:3 before reading again at r.cc:9, or "
            "read under the first one");
}

TEST(Advice, AJoinUnderALockThatTheJoinedThreadNeeds) {
  Told t;
  t.Holds("main", "A").Joins("main", "worker").Waits("worker", "A");
  t.Took("main", "A", "m.cc", 2).Stands("main", "m.cc", 5).Stands("worker", "w.cc", 7);

  EXPECT_EQ(t.Finish().fix, "join worker at m.cc:5 after releasing A (locked at m.cc:2)");
}

TEST(Advice, TwoThreadsThatJoinEachOther) {
  Told t;
  t.Joins("a", "b").Joins("b", "a");

  EXPECT_EQ(t.Finish().fix, "let only one of a and b join the other");
}

TEST(Advice, AThreadThatJoinsItself) {
  Told t;
  t.Joins("a", "a");
  t.Stands("a", "m.cc", 5);

  const Finding finding = t.Finish();

  EXPECT_EQ(finding.summary, "\"a\" waits for its own end");
  EXPECT_EQ(finding.fix, "join a from another thread than itself at m.cc:5");
}

TEST(Advice, AConditionWaitThatKeepsAnotherLock) {
  EXPECT_EQ(ConditionRetake().findings.at(0).fix,
            "release stats (locked at consume.cc:15) before waiting on the condition at "
            "consume.cc:19");
}

TEST(Advice, AThreadThatEndedWithALock) {
  const Finding finding = EndedOwner().findings.at(0);

  EXPECT_EQ(finding.fix,
            "release table (locked at table.cc:60) before the thread that holds it ends");
  EXPECT_THAT(finding.explanation, HasSubstr("This rests on a guess"));
}

TEST(Advice, EveryoneAsleepNamesTheGuess) {
  Told t;
  t.WaitsOnCondition("a", "ready").WaitsOnCondition("b", "ready");
  t.Stands("a", "a.cc", 3);

  const Finding finding = t.Finish();

  EXPECT_EQ(finding.verdict, Verdict::kSuspected);
  EXPECT_EQ(finding.summary, "\"a\" and \"b\" sleep, and no thread is left to wake one of them");
  EXPECT_THAT(finding.explanation, HasSubstr("This rests on a guess"));
  EXPECT_THAT(finding.fix, HasSubstr("notify ready"));
}

TEST(Advice, WhoNeedsMorePermitsThanOthersLeaveGathersThemAlone) {
  Told s;
  s.IsMember("t1", "forks").IsMember("t2", "forks");
  s.WaitsForPermit("t1", "forks", 2).WaitsForPermit("t2", "forks", 2);
  s.Took("t1", "forks", "/src/table.cc", 7).Took("t2", "forks", "/src/table.cc", 7);

  EXPECT_EQ(
      s.Finish().fix,
      "give forks more permits, or let one thread at a time gather those that it needs: under "
      "a mutex that it takes before table.cc:7");
}

TEST(Advice, ARingWithADeadlineIsSaidToEnd) {
  EXPECT_THAT(TemporaryCycle().findings.at(0).explanation,
              HasSubstr("the cycle ends when that time is up"));
}

TEST(Advice, ALargeRingListsAFewByName) {
  FakeSymbolizer at;

  EXPECT_EQ(ReportOn(RingOfMutexes(100), at).findings.at(0).summary.substr(0, 47),
            "100 threads wait for each other in a ring: \"t0\"");
}

TEST(Advice, WithoutSourceLinesTheSentenceIsStillWhole) {
  SnapshotBuilder s;
  s.Holds("t1", "A").Waits("t1", "B").Holds("t2", "B").Waits("t2", "A");
  FakeSymbolizer at;

  EXPECT_EQ(ReportOn(s.Build(), at).findings.at(0).fix, "take A before B in both: change t2");
}

}  // namespace
}  // namespace detect
