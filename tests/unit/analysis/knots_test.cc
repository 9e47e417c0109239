#include "libdetect/analysis/knots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace detect {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// All nodes need all of their needs; those without are live.
class Knots : public testing::Test {
 protected:
  std::vector<std::vector<Node>> Find(Node nodes, const std::vector<Need>& needs,
                                      const std::vector<Node>& settled = {}) {
    AndOrGraph graph(std::vector<Rule>(nodes, Rule::kAllOf), needs);
    NodeSet is_settled(nodes);
    for (Node node : settled) is_settled[node] = true;
    return FindKnots(graph, Liveness(graph), is_settled);
  }

  // The threads of a cycle in the only knot, where the nodes below `threads` are threads.
  std::vector<Node> Cycle(Node nodes, Node threads, const std::vector<Need>& needs) {
    AndOrGraph graph(std::vector<Rule>(nodes, Rule::kAllOf), needs);
    Liveness liveness(graph);
    std::vector<std::vector<Node>> knots = FindKnots(graph, liveness, NodeSet(nodes, false));
    EXPECT_THAT(knots, SizeIs(1));
    std::vector<Node> cycle;
    for (CycleStep step : CycleFinder(graph, liveness, threads).Find(knots.at(0))) {
      cycle.push_back(step.node);
      EXPECT_THAT(graph.Needs(step.node), Contains(step.need));
    }
    return cycle;
  }
};

TEST_F(Knots, AreNoneAmongNodesThatAreLive) { EXPECT_THAT(Find(3, {{0, 1}, {1, 2}}), IsEmpty()); }

TEST_F(Knots, AreGroupsThatNobodyLeadsOutOf) {
  auto knots = Find(6, {{0, 1}, {1, 2}, {2, 1}, {3, 3}, {4, 3}, {5, 4}, {4, 5}});

  EXPECT_THAT(knots, ElementsAre(ElementsAre(1, 2), ElementsAre(3)));
}

TEST_F(Knots, MayNeedNodesThatAreLive) {
  EXPECT_THAT(Find(3, {{0, 1}, {1, 0}, {1, 2}}), ElementsAre(ElementsAre(0, 1)));
}

TEST_F(Knots, AreNotHeldUpBySettledNodes) {
  EXPECT_THAT(Find(4, {{0, 1}, {1, 0}, {1, 2}, {2, 2}, {3, 3}}, {2}), ElementsAre(ElementsAre(3)));
}

TEST_F(Knots, AreOrderedByTheirFirstNodes) {
  auto knots = Find(4, {{0, 3}, {3, 0}, {1, 2}, {2, 1}});

  EXPECT_THAT(knots, ElementsAre(ElementsAre(0, 3), ElementsAre(1, 2)));
}

TEST_F(Knots, OfAHundredThousandNodesNeedNoDeepStack) {
  constexpr Node kNodes = 100'000;
  std::vector<Need> ring;
  for (Node node = 0; node < kNodes; ++node) ring.push_back({node, (node + 1) % kNodes});

  EXPECT_THAT(Find(kNodes, ring), ElementsAre(SizeIs(kNodes)));
}

TEST_F(Knots, ShowAShortestCycle) {
  EXPECT_THAT(Cycle(5, 5, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 0}, {3, 2}}), ElementsAre(2, 3));
}

TEST_F(Knots, ShowANodeThatNeedsItselfWhereItIsAlone) {
  EXPECT_THAT(Cycle(2, 1, {{0, 1}, {1, 0}, {0, 0}}), ElementsAre(0));
}

TEST_F(Knots, ShowTwoNodesRatherThanOneOfThemThatNeedsItself) {
  EXPECT_THAT(Cycle(2, 2, {{0, 0}, {0, 1}, {1, 0}, {1, 1}}), ElementsAre(0, 1));
}

TEST_F(Knots, MayShowACycleThatGoesThroughOneGateTwice) {
  // 0 and 1 both need gate 2, which needs both.
  EXPECT_THAT(Cycle(3, 2, {{0, 2}, {1, 2}, {2, 0}, {2, 1}}), ElementsAre(0, 1));
}

TEST_F(Knots, CountOnlyThreadsInTheLengthOfACycle) {
  // 0 -> 4 -> 5 -> 6 -> 1 -> 0 has two nodes below 4; 0 -> 2 -> 3 -> 0 has three.
  std::vector<Need> needs = {{0, 2}, {2, 3}, {3, 0}, {0, 4}, {4, 5}, {5, 6}, {6, 1}, {1, 0}};

  EXPECT_THAT(Cycle(7, 4, needs), ElementsAre(0, 1));
}

}  // namespace
}  // namespace detect
