#include "libdetect/harness/team.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <latch>
#include <set>
#include <stdexcept>

namespace detect {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::Field;
using ::testing::SizeIs;

// Of a round that is to end.
steady_clock::time_point Generous() { return steady_clock::now() + 60s; }

TEST(Team, RunsTheWorkOnceInEachThreadOfEachRound) {
  Team team(20);
  std::atomic<uint32_t> indices_seen{0};

  for (int round = 0; round < 50; ++round) {
    indices_seen = 0;
    const RoundResult result =
        team.RunRound([&](uint32_t index) { indices_seen.fetch_or(1u << index); }, Generous());

    ASSERT_TRUE(result.IsComplete());
    ASSERT_EQ(indices_seen, (1u << 20) - 1);
  }
}

TEST(Team, KeepsItsThreadsFromRoundToRound) {
  Team team(3);
  std::set<int32_t> tids;

  for (int round = 0; round < 10; ++round) {
    for (const MemberResult& member : team.RunRound([](uint32_t) {}, Generous()).members) {
      tids.insert(member.tid);
    }
  }

  EXPECT_THAT(tids, SizeIs(3));
}

TEST(Team, HasAllThreadsInsideAtOnceWhereTheyWaitForEachOther) {
  Team team(20);
  std::latch all(20);

  const RoundResult result = team.RunRound([&](uint32_t) { all.arrive_and_wait(); }, Generous());

  EXPECT_TRUE(result.IsComplete());
  EXPECT_GT(OverlapOf(result.Times()).together, 0ns);
}

TEST(Team, CarriesAnExceptionToTheCaller) {
  Team team(2);

  const RoundResult result = team.RunRound(
      [](uint32_t index) {
        if (index == 1) throw std::runtime_error("broken");
      },
      Generous());

  EXPECT_FALSE(result.IsComplete());
  EXPECT_EQ(result.members[0].outcome, Outcome::kReturned);
  ASSERT_EQ(result.members[1].outcome, Outcome::kThrew);
  EXPECT_THROW(std::rethrow_exception(result.members[1].error), std::runtime_error);
}

TEST(Team, LeavesBehindWhoIsNotBackInTimeAndGoesOnWithNewThreads) {
  Team team(4);
  // Never destroyed: the thread that waits for it stays.
  std::latch& never = *new std::latch(1);

  const RoundResult hung = team.RunRound(
      [&never](uint32_t index) {
        if (index == 2) never.wait();
      },
      steady_clock::now() + 100ms);
  const RoundResult next = team.RunRound([](uint32_t) {}, Generous());

  EXPECT_EQ(hung.members[2].outcome, Outcome::kMissing);
  EXPECT_TRUE(next.IsComplete());
  EXPECT_NE(next.members[2].tid, hung.members[2].tid);
}

TEST(Team, CanBeAwaitedAgainWhereARoundIsLate) {
  Team team(2);
  std::latch go(1);
  team.StartRound([&](uint32_t) { go.wait(); });

  EXPECT_FALSE(team.AwaitRound(steady_clock::now() + 1ms));
  go.count_down();
  EXPECT_TRUE(team.AwaitRound(Generous()));

  EXPECT_TRUE(team.EndRound().IsComplete());
}

TEST(Team, ReplacesAThreadThatEndsItself) {
  Team team(2);

  const RoundResult left = team.RunRound(
      [](uint32_t index) {
        if (index == 0) pthread_exit(nullptr);
      },
      Generous());
  const RoundResult next = team.RunRound([](uint32_t) {}, Generous());

  EXPECT_EQ(left.members[0].outcome, Outcome::kLeft);
  EXPECT_THAT(next.members, Each(Field(&MemberResult::outcome, Outcome::kReturned)));
}

}  // namespace
}  // namespace detect
