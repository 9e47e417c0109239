#include "libdetect/report/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace detect {
namespace {

using Cycle = std::vector<FingerprintStep>;

TEST(Fingerprint, IsTheSameWhereverTheCycleStarts) {
  Cycle cycle = {{"B", "f", "g"}, {"A", "f", "g"}, {"B", "f", "g"}, {"A", "x", "g"}, {"B", "", ""}};
  const std::string first = Fingerprint("deadlock", cycle);

  for (size_t i = 0; i < cycle.size(); ++i) {
    std::rotate(cycle.begin(), cycle.begin() + 1, cycle.end());
    EXPECT_EQ(Fingerprint("deadlock", cycle), first) << "rotated by " << i + 1;
  }
}

TEST(Fingerprint, IsTheSameForEveryRotationOfEveryShortCycle) {
  // All words of length 5 over two letters: repeats and near-repeats included.
  for (int word = 0; word < 32; ++word) {
    Cycle cycle;
    for (int i = 0; i < 5; ++i) cycle.push_back({(word >> i & 1) ? "A" : "B", "f", "g"});
    Cycle rotated = cycle;
    std::rotate(rotated.begin(), rotated.begin() + 2, rotated.end());

    EXPECT_EQ(Fingerprint("deadlock", cycle), Fingerprint("deadlock", rotated)) << word;
  }
}

TEST(Fingerprint, DependsOnTheOrderOfTheCycle) {
  const Cycle one = {{"A", "", ""}, {"B", "", ""}, {"C", "", ""}};
  const Cycle other = {{"A", "", ""}, {"C", "", ""}, {"B", "", ""}};

  EXPECT_NE(Fingerprint("deadlock", one), Fingerprint("deadlock", other));
}

TEST(Fingerprint, DependsOnRuleLockAndFunctions) {
  const std::string base = Fingerprint("deadlock", {{"A", "f", "g"}});

  EXPECT_NE(Fingerprint("lock-order", {{"A", "f", "g"}}), base);
  EXPECT_NE(Fingerprint("deadlock", {{"B", "f", "g"}}), base);
  EXPECT_NE(Fingerprint("deadlock", {{"A", "h", "g"}}), base);
  EXPECT_NE(Fingerprint("deadlock", {{"A", "f", "h"}}), base);
  EXPECT_NE(Fingerprint("deadlock", {{"Af", "", "g"}}), base);
}

TEST(Fingerprint, IsSixteenHexDigitsThatNeverChange) {
  // Baselines and trackers keep these values: a change here breaks every one of them.
  EXPECT_EQ(Fingerprint("deadlock", {{"A", "f", "g"}, {"B", "h", "i"}}), "349e41275a091ceb");
}

}  // namespace
}  // namespace detect
