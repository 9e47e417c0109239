#include "libdetect/harness/litmus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace detect::litmus {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Each actor leaves a mark of its own.
struct Marks {
  std::atomic<int> marks{0};
  int judged = 0;
  auto Outcome() const { return std::array{marks.load(), judged}; }
};

LitmusTest<Marks> TestOf(int actors) {
  LitmusTest<Marks> test("marks");
  for (int i = 0; i < actors; ++i) {
    test.Actor([i](Marks& m) { m.marks.fetch_add(1 << (4 * i)); });
  }
  return test;
}

Options Short() { return {.budget = 20ms}; }

TEST(Litmus, EveryActorRunsOnceOnEachFreshState) {
  for (int actors = 2; actors <= 4; ++actors) {
    const Result result = TestOf(actors).Run(Short());

    const int once_each = 0x1111 & ((1 << (4 * actors)) - 1);
    EXPECT_EQ(result.error, "");
    EXPECT_GT(result.samples, 0u);
    EXPECT_EQ(result.SamplesOf({once_each, 0}), result.samples) << ToText(result);
  }
}

TEST(Litmus, ArbiterRunsAfterAllActorsHaveEnded) {
  LitmusTest<Marks> test = TestOf(3);
  test.Arbiter([](Marks& m) { m.judged = m.marks.load() == 0x111 ? 7 : -1; });

  const Result result = test.Run(Short());

  EXPECT_EQ(result.SamplesOf({0x111, 7}), result.samples) << ToText(result);
}

TEST(Litmus, OutcomeThatNobodyGradedIsToldAndFails) {
  LitmusTest<Marks> test = TestOf(2);
  test.Acceptable({1, 0}, "what never happens");

  const Result result = test.Run(Short());

  EXPECT_FALSE(result.Passed());
  ASSERT_EQ(result.rows.size(), 2u);
  EXPECT_EQ(result.rows[0].samples, 0u);
  EXPECT_EQ(result.rows[1].outcome, (std::vector{0x11, 0}));
  EXPECT_EQ(result.rows[1].grade, Grade::kUngraded);
  EXPECT_THAT(ToText(result), HasSubstr("FAILED: came out as 17, 0"));
}

TEST(Litmus, OutcomesBeyondTheFirstThousandsAreCountedTogether) {
  struct Number {
    int r1 = 0;
    auto Outcome() const { return std::array{r1}; }
  };
  LitmusTest<Number> test("numbers");
  const auto next = std::make_shared<std::atomic<int>>(0);
  test.Actor([next](Number& n) { n.r1 = next->fetch_add(1); }).Actor([](Number&) {});

  const Result result = test.Run(Short());

  EXPECT_LE(result.rows.size(), 2 * kMaxOutcomes + 1);  // each actor's thread counts for itself
  uint64_t sum = 0;
  for (const Row& row : result.rows) sum += row.samples;
  EXPECT_EQ(sum, result.samples);
  EXPECT_GT(result.SamplesOf({}), 0u);
}

TEST(Litmus, RefusesWhatIsNoTest) {
  EXPECT_THAT(TestOf(0).Run().error, HasSubstr("2 to 4 actors, and this one has 0"));
  EXPECT_THAT(TestOf(1).Run().error, HasSubstr("2 to 4 actors, and this one has 1"));
  EXPECT_THAT(TestOf(5).Run().error, HasSubstr("2 to 4 actors, and this one has 5"));

  LitmusTest<Marks> contradictory = TestOf(2);
  contradictory.Acceptable({17, 0}, "both").Forbidden({17, 0}, "both");
  EXPECT_EQ(contradictory.Run().error, "outcome 17, 0 is graded twice");
  EXPECT_FALSE(contradictory.Run().Passed());
}

TEST(Litmus, RefusesBudgetsThatMakeNoSense) {
  const LitmusTest<Marks> test = TestOf(2);

  EXPECT_EQ(test.Run({.budget = 0s}).error, "the budget must be more than nothing");
  EXPECT_EQ(test.Run({.budget = -1s}).error, "the budget must be more than nothing");
  EXPECT_EQ(test.Run({.budget = std::chrono::nanoseconds::max()}).error,
            "the budget must be at most a day");
  EXPECT_EQ(test.Run({.patience = -1s}).error, "the patience must not be negative");
}

TEST(Litmus, SmallestBudgetStillTriesEveryPlacementAndStride) {
  const Result result = TestOf(2).Run({.budget = 1ns});

  EXPECT_EQ(result.samples, 3u * (16 + 128 + 1024));
}

TEST(Litmus, ActorThatThrowsIsNamed) {
  LitmusTest<Marks> test = TestOf(1);
  test.Actor([](Marks&) { throw std::runtime_error("out of luck"); });

  const Result result = test.Run(Short());

  EXPECT_EQ(result.error, "actor 2 threw: out of luck");
  EXPECT_FALSE(result.Passed());
}

TEST(Litmus, ActorMayThrowAnything) {
  LitmusTest<Marks> test = TestOf(2);
  test.Actor([](Marks&) { throw 42; });

  EXPECT_EQ(test.Run(Short()).error, "actor 3 threw: what is no std::exception");
}

TEST(Litmus, ArbiterThatThrowsIsNamed) {
  LitmusTest<Marks> test = TestOf(2);
  test.Arbiter([](Marks&) { throw std::logic_error("no verdict"); });

  EXPECT_EQ(test.Run(Short()).error, "the arbiter threw: no verdict");
}

TEST(Litmus, ActorThatHangsIsNamedAndLeftBehind) {
  const auto open = std::make_shared<std::atomic<bool>>(false);
  LitmusTest<Marks> test = TestOf(2);
  test.Actor([open](Marks&) { open->wait(false); });

  const Result result = test.Run({.budget = 1ms, .patience = 50ms});

  EXPECT_EQ(result.error, "actor 3 did not end");
  EXPECT_FALSE(result.Passed());
  open->store(true);
  open->notify_all();
}

TEST(Litmus, ActorThatEndsItsThreadIsNamed) {
  LitmusTest<Marks> test = TestOf(1);
  test.Actor([](Marks&) { pthread_exit(nullptr); });

  const Result result = test.Run({.budget = 1ms, .patience = 50ms});

  EXPECT_EQ(result.error, "actor 2 ended its thread");
}

}  // namespace
}  // namespace detect::litmus
