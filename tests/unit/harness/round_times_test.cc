#include "libdetect/harness/round_times.h"

#include <gtest/gtest.h>

namespace detect {
namespace {

using namespace std::chrono_literals;

TEST(SpreadOf, IsBetweenTheFirstStartsOnEachCore) {
  const StartSpread spread = SpreadOf({{.began = 100ns, .core = 0},
                                       {.began = 900ns, .core = 0},
                                       {.began = 130ns, .core = 1},
                                       {.began = 120ns, .core = 3}});

  EXPECT_EQ(spread.between_cores, 30ns);
  EXPECT_EQ(spread.cores, 3);
}

TEST(SpreadOf, IsNothingWhereAllThreadsBeganOnOneCore) {
  const StartSpread spread = SpreadOf({{.began = 100ns, .core = 1}, {.began = 900ns, .core = 1}});

  EXPECT_EQ(spread.between_cores, 0ns);
  EXPECT_EQ(spread.cores, 1);
}

TEST(OverlapOf, CountsTheTimeThatTwoOrMoreWereInside) {
  const Overlap overlap = OverlapOf({{.began = 0ns, .ended = 10ns},
                                     {.began = 6ns, .ended = 20ns},
                                     {.began = 8ns, .ended = 12ns},
                                     {.began = 30ns, .ended = 40ns}});

  EXPECT_EQ(overlap.inside, 30ns);   // 0..20 and 30..40
  EXPECT_EQ(overlap.together, 6ns);  // 6..12
  EXPECT_DOUBLE_EQ(overlap.Share(), 0.2);
}

TEST(OverlapOf, IsNothingWhereOneBeginsAsTheOtherEnds) {
  const Overlap overlap =
      OverlapOf({{.began = 0ns, .ended = 10ns}, {.began = 10ns, .ended = 20ns}});

  EXPECT_EQ(overlap.together, 0ns);
  EXPECT_EQ(overlap.inside, 20ns);
}

TEST(OverlapOf, IsNothingWhereNobodyCame) { EXPECT_EQ(OverlapOf({}).Share(), 0); }

}  // namespace
}  // namespace detect
