#include "libdetect/harness/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Mix, DrawsByWeight) {
  std::array<std::atomic<int>, 3> calls{};

  RunContended(Mix({{3, [&] { ++calls[0]; }}, {1, [&] { ++calls[1]; }}, {0, [&] { ++calls[2]; }}}),
               {.threads = 2,
                .rounds = 10,
                .timeout = 60s,
                .calls = 1000,
                .seed = 1,
                .require_overlap = false});

  EXPECT_EQ(calls[0] + calls[1], 20'000);
  EXPECT_NEAR(calls[0], 15'000, 500);
  EXPECT_EQ(calls[2], 0);
}

TEST(ThereAndBack, GoesBackAfterEachStep) {
  std::atomic<int> level{0};
  std::atomic<int> highest{0};

  RunContended(ThereAndBack([&] { highest = ++level; }, [&] { --level; }),
               {.threads = 2, .rounds = 10, .timeout = 60s, .require_overlap = false});

  EXPECT_EQ(level, 0);
  EXPECT_GE(highest, 1);
}

TEST(Unchanged, ComparesWithTheStateBeforeTheRound) {
  std::atomic<int> state{5};
  const auto run = [&](int by) {
    return RunContended([&state, by] { state += by; },
                        {.threads = 2,
                         .rounds = 3,
                         .timeout = 60s,
                         .invariants = {Unchanged("the state", [&] { return state.load(); })},
                         .require_overlap = false});
  };

  EXPECT_THAT(run(0).failures, IsEmpty());
  EXPECT_THAT(run(1).failures,
              ElementsAre(Field(&ContendedFailure::what, HasSubstr("the state is as it was"))));
}

TEST(WithArguments, DealsThemOutAmongTheThreads) {
  std::atomic<int> first{0};
  std::atomic<int> second{0};

  RunContended(
      WithArguments(std::vector<std::string>{"first", "second"},
                    [&](const std::string& which) { ++(which == "first" ? first : second); }),
      {.threads = 3, .rounds = 1, .timeout = 60s, .require_overlap = false});

  EXPECT_EQ(first, 2);
  EXPECT_EQ(second, 1);
}

}  // namespace
}  // namespace detect
