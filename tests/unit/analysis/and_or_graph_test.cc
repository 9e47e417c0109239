#include "libdetect/analysis/and_or_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace detect {
namespace {

using ::testing::ElementsAre;

AndOrGraph Graph(std::vector<Rule> rules, std::vector<Need> needs) {
  return AndOrGraph(std::move(rules), needs);
}

constexpr Rule kAll = Rule::kAllOf;
constexpr Rule kAny = Rule::kAnyOf;

TEST(AndOrGraph, ListsNeedsInBothDirections) {
  AndOrGraph graph = Graph({kAll, kAll, kAll}, {{0, 2}, {1, 2}, {0, 1}});

  EXPECT_THAT(graph.Needs(0), ElementsAre(2, 1));
  EXPECT_THAT(graph.Needs(1), ElementsAre(2));
  EXPECT_THAT(graph.Needs(2), ElementsAre());
  EXPECT_THAT(graph.NeededBy(0), ElementsAre());
  EXPECT_THAT(graph.NeededBy(1), ElementsAre(0));
  EXPECT_THAT(graph.NeededBy(2), ElementsAre(0, 1));
}

TEST(Liveness, SpreadsFromANodeWithoutNeedsDownAChain) {
  AndOrGraph graph = Graph({kAll, kAny, kAll}, {{0, 1}, {1, 2}});

  Liveness liveness(graph);

  EXPECT_TRUE(liveness.IsLive(0));
  EXPECT_TRUE(liveness.IsLive(1));
  EXPECT_TRUE(liveness.IsLive(2));
}

TEST(Liveness, OfAllOfTakesAllAndOfAnyOfTakesOne) {
  AndOrGraph graph = Graph({kAll, kAny, kAll, kAll}, {{0, 2}, {0, 3}, {1, 2}, {1, 3}, {3, 3}});

  Liveness liveness(graph);

  EXPECT_FALSE(liveness.IsLive(0));
  EXPECT_TRUE(liveness.IsLive(1));
}

TEST(Liveness, IsNotWhatACycleGivesItself) {
  AndOrGraph graph = Graph({kAny, kAny, kAny}, {{0, 1}, {1, 0}, {2, 2}});

  Liveness liveness(graph);

  EXPECT_FALSE(liveness.IsLive(0));
  EXPECT_FALSE(liveness.IsLive(1));
  EXPECT_FALSE(liveness.IsLive(2));
}

TEST(Liveness, CountsANeedThatIsGivenTwiceAsOne) {
  AndOrGraph graph = Graph({kAll, kAll}, {{0, 1}, {0, 1}});

  Liveness liveness(graph);

  EXPECT_TRUE(liveness.IsLive(0));
}

TEST(Liveness, FollowsFromAGrantedNode) {
  AndOrGraph graph = Graph({kAll, kAll, kAll}, {{0, 1}, {1, 0}, {2, 2}});
  Liveness liveness(graph);

  liveness.Grant(1);

  EXPECT_TRUE(liveness.IsLive(0));
  EXPECT_TRUE(liveness.IsLive(1));
  EXPECT_FALSE(liveness.IsLive(2));
}

}  // namespace
}  // namespace detect
