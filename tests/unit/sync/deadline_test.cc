#include "libdetect/sync/deadline.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace detect::sync {
namespace {

using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::hours;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

static_assert(SaturatedNanoseconds(3s) == nanoseconds(3'000'000'000));
static_assert(SaturatedNanoseconds(-3s) == nanoseconds(-3'000'000'000));
static_assert(SaturatedNanoseconds(hours::max()) == nanoseconds::max());
static_assert(SaturatedNanoseconds(hours::min()) == nanoseconds::min());
static_assert(SaturatedNanoseconds(nanoseconds::max()) == nanoseconds::max());
static_assert(SaturatedNanoseconds(duration<double>(1e200)) == nanoseconds::max());
static_assert(SaturatedNanoseconds(duration<int64_t, std::pico>(1'001)) == nanoseconds(2));

TEST(Deadline, AfterADurationIsThatMuchLaterThanNow) {
  const nanoseconds before = steady_clock::now().time_since_epoch();
  const Deadline deadline = DeadlineAfter(1h);
  const nanoseconds after = steady_clock::now().time_since_epoch();

  EXPECT_EQ(deadline.clock, CLOCK_MONOTONIC);
  EXPECT_GE(deadline.since_epoch, before + 1h);
  EXPECT_LE(deadline.since_epoch, after + 1h);
}

TEST(Deadline, AfterTooLongIsTheLatestThereIs) {
  EXPECT_EQ(DeadlineAfter(hours::max()).since_epoch, nanoseconds::max());
  EXPECT_EQ(DeadlineAfter(nanoseconds::max()).since_epoch, nanoseconds::max());
}

TEST(Deadline, AfterNothingOrLessHasPassed) {
  for (const hours none : {hours(0), hours(-1), hours::min()}) {
    const Deadline deadline = DeadlineAfter(none);
    EXPECT_GE(deadline.since_epoch, nanoseconds(0));
    EXPECT_LE(deadline.since_epoch, steady_clock::now().time_since_epoch());
  }
}

TEST(Deadline, KeepsTheClockThatItWasGivenIn) {
  const Deadline steady = DeadlineAt(steady_clock::time_point(7s));
  const Deadline system = DeadlineAt(system_clock::time_point(7s));

  EXPECT_EQ(steady.clock, CLOCK_MONOTONIC);
  EXPECT_EQ(steady.since_epoch, 7s);
  EXPECT_EQ(system.clock, CLOCK_REALTIME);
  EXPECT_EQ(system.since_epoch, 7s);
}

TEST(Deadline, BeforeTheClocksEpochIsTheEpoch) {
  EXPECT_EQ(DeadlineAt(system_clock::time_point::min()).since_epoch, 0s);
}

}  // namespace
}  // namespace detect::sync
