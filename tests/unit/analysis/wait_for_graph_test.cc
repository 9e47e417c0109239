#include "libdetect/analysis/wait_for_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/testing/snapshot_builder.h"

namespace detect {
namespace {

using std::chrono_literals::operator""s;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A Deadlock in the builder's names: "t1 -A-> t2, t2 -B-> t1". "nobody" stands for kNoThread.
std::string CycleOf(const Snapshot& snapshot, const Deadlock& deadlock) {
  std::string text;
  for (const BlockedBy& step : deadlock.cycle) {
    if (!text.empty()) text += ", ";
    const Resource& resource = snapshot.resources[step.resource];
    text += snapshot.threads[step.thread].name + " -" +
            (resource.kind == ResourceKind::kThread ? "join" : resource.name) + "-> " +
            (step.blocker == kNoThread ? "nobody" : snapshot.threads[step.blocker].name);
  }
  return text;
}

std::vector<std::string> Names(const Snapshot& snapshot, const std::vector<ThreadIndex>& threads) {
  std::vector<std::string> names;
  for (ThreadIndex thread : threads) names.push_back(snapshot.threads[thread].name);
  return names;
}

// ---- mutex

TEST(WaitForGraph, AThreadThatRunsIsNotDeadlocked) {
  Snapshot s = SnapshotBuilder().Holds("t1", "A").Runs("t2").Build();

  EXPECT_THAT(FindDeadlocks(s), IsEmpty());
}

TEST(WaitForGraph, TwoThreadsThatTakeTwoMutexesInOppositeOrderAreProven) {
  Snapshot s =
      SnapshotBuilder().Holds("t1", "A").Waits("t1", "B").Holds("t2", "B").Waits("t2", "A").Build();

  std::vector<Deadlock> found = FindDeadlocks(s);

  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].verdict, Verdict::kProven);
  EXPECT_EQ(found[0].guess, Guess::kNone);
  EXPECT_EQ(CycleOf(s, found[0]), "t1 -B-> t2, t2 -A-> t1");
  EXPECT_THAT(Names(s, found[0].members), ElementsAre("t1", "t2"));
  EXPECT_THAT(found[0].queued, IsEmpty());
}

}  // namespace
}  // namespace detect
