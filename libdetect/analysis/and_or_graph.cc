#include "libdetect/analysis/and_or_graph.h"

#include <utility>

namespace detect {

AndOrGraph::AndOrGraph(std::vector<Rule> rules, std::span<const Need> needs)
    : rules_(std::move(rules)),
      needs_(Sort(size(), needs, &Need::node, &Need::need)),
      needed_by_(Sort(size(), needs, &Need::need, &Need::node)) {}

// A counting sort by `from`: count, turn counts into positions, place.
AndOrGraph::Neighbours AndOrGraph::Sort(Node size, std::span<const Need> needs, Node Need::*from,
                                        Node Need::*to) {
  Neighbours sorted;
  sorted.begin.resize(size + size_t{2});
  for (const Need& need : needs) ++sorted.begin[need.*from + 2];
  for (size_t i = 2; i < sorted.begin.size(); ++i) sorted.begin[i] += sorted.begin[i - 1];
  // begin[i + 1] is where node i's next neighbour goes; once all are placed, where they end.
  sorted.nodes.resize(needs.size());
  for (const Need& need : needs) sorted.nodes[sorted.begin[need.*from + 1]++] = need.*to;
  return sorted;
}

Liveness::Liveness(const AndOrGraph& graph) : graph_(graph), unmet_(graph.size()) {
  for (Node node = 0; node < graph.size(); ++node) {
    uint32_t needs = static_cast<uint32_t>(graph.Needs(node).size());
    unmet_[node] = graph.rule(node) == Rule::kAnyOf && needs > 0 ? 1 : needs;
    if (needs == 0) to_spread_.push_back(node);
  }
  Spread();
}

void Liveness::Grant(Node node) {
  if (IsLive(node)) return;
  unmet_[node] = 0;
  to_spread_.push_back(node);
  Spread();
}

void Liveness::Spread() {
  while (!to_spread_.empty()) {
    Node live = to_spread_.back();
    to_spread_.pop_back();
    for (Node waiter : graph_.NeededBy(live)) {
      if (IsLive(waiter)) continue;
      if (--unmet_[waiter] == 0) to_spread_.push_back(waiter);
    }
  }
}

}  // namespace detect
