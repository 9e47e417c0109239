#include "libdetect/analysis/knots.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace detect {
namespace {

// Once the searches in a knot have looked at this many needs, the shortest cycle so far will do.
constexpr size_t kEnoughVisits = 8 * 1024;

constexpr uint32_t kNone = UINT32_MAX;

// Returns the one need of `node` that is not live; kNoNode where there are several, or none.
inline Node OnlyDeadNeed(const AndOrGraph& graph, const Liveness& liveness, Node node) {
  Node only = kNoNode;
  for (Node need : graph.Needs(node)) {
    if (liveness.IsLive(need)) continue;
    if (only != kNoNode) return kNoNode;
    only = need;
  }
  return only;
}

// The strongly connected components of the nodes that are neither live nor settled, by Tarjan's
// algorithm, with a stack of its own: a ring of 10,000 must not need 10,000 frames.
class Components {
 public:
  Components(const AndOrGraph& graph, const Liveness& liveness, const NodeSet& settled)
      : graph_(graph), component_(graph.size(), kNone), order_(graph.size()), reaches_(order_) {
    for (Node node = 0; node < graph.size(); ++node) {
      if (liveness.IsLive(node) || settled[node]) order_[node] = kNone;
    }
    for (Node node = 0; node < graph.size(); ++node) {
      if (order_[node] == kNotVisited) Explore(node);
    }
  }

  uint32_t count() const { return count_; }

  // Returns kNone for a node that is live or settled.
  uint32_t Of(Node node) const { return component_[node]; }

 private:
  static constexpr uint32_t kNotVisited = 0;

  struct Visit {
    Node node;
    uint32_t next_need = 0;
  };

  void Explore(Node root) {
    Enter(root);
    while (!visits_.empty()) {
      Visit& visit = visits_.back();
      std::span<const Node> needs = graph_.Needs(visit.node);
      if (visit.next_need == needs.size()) {
        Leave(visit.node);
        continue;
      }
      Node need = needs[visit.next_need++];
      if (order_[need] == kNotVisited) {
        Enter(need);
      } else {
        Reach(visit.node, order_[need]);
      }
    }
  }

  void Enter(Node node) {
    order_[node] = reaches_[node] = ++entered_;
    open_.push_back(node);
    visits_.push_back({node});
  }

  void Leave(Node node) {
    visits_.pop_back();
    uint32_t reached = reaches_[node];
    if (reached == order_[node]) CloseComponent(node);
    if (!visits_.empty()) Reach(visits_.back().node, reached);
  }

  void Reach(Node node, uint32_t order) { reaches_[node] = std::min(reaches_[node], order); }

  // Its nodes are those that were opened since `first`. kNone orders them behind all others, so
  // that to reach one means nothing from now on.
  void CloseComponent(Node first) {
    Node node;
    do {
      node = open_.back();
      open_.pop_back();
      order_[node] = kNone;
      component_[node] = count_;
    } while (node != first);
    ++count_;
  }

  const AndOrGraph& graph_;
  std::vector<uint32_t> component_;
  std::vector<uint32_t> order_;    // by node: when it was entered, from 1
  std::vector<uint32_t> reaches_;  // by node: the earliest open one known to be reached from it
  std::vector<Node> open_;         // entered, component not complete; in order
  std::vector<Visit> visits_;
  uint32_t entered_ = 0;
  uint32_t count_ = 0;
};

// By node: the number of the knot that it is in, or kNone.
struct KnotNumbers {
  std::vector<uint32_t> of;
  uint32_t count = 0;
};

// The usual graph: each node that is not live needs one such node, so that the only way to go round
// is to follow these needs. Returns nothing where some node needs several.
std::optional<KnotNumbers> NumberRings(const AndOrGraph& graph, const Liveness& liveness,
                                       const NodeSet& settled) {
  std::vector<Node> next(graph.size(), kNoNode);
  for (Node node = 0; node < graph.size(); ++node) {
    if (liveness.IsLive(node) || settled[node]) continue;
    next[node] = OnlyDeadNeed(graph, liveness, node);
    if (next[node] == kNoNode) return std::nullopt;
  }
  KnotNumbers knots{std::vector<uint32_t>(graph.size(), kNone)};
  std::vector<Node> walk(graph.size(), kNoNode);  // by node: where the walk began that came by
  for (Node start = 0; start < graph.size(); ++start) {
    Node node = start;
    while (next[node] != kNoNode && walk[node] == kNoNode) {
      walk[node] = start;
      node = next[node];
    }
    if (next[node] == kNoNode || walk[node] != start || knots.of[node] != kNone) continue;
    for (; knots.of[node] == kNone; node = next[node]) knots.of[node] = knots.count;
    ++knots.count;
  }
  return knots;
}

// The components that no need leads out of.
KnotNumbers NumberComponents(const AndOrGraph& graph, const Liveness& liveness,
                             const NodeSet& settled) {
  Components components(graph, liveness, settled);
  std::vector<bool> has_way_out(components.count());
  for (Node node = 0; node < graph.size(); ++node) {
    uint32_t component = components.Of(node);
    if (component == kNone) continue;
    for (Node need : graph.Needs(node)) {
      if (!liveness.IsLive(need) && components.Of(need) != component) has_way_out[component] = true;
    }
  }
  KnotNumbers knots{std::vector<uint32_t>(graph.size(), kNone), components.count()};
  for (Node node = 0; node < graph.size(); ++node) {
    uint32_t component = components.Of(node);
    if (component != kNone && !has_way_out[component]) knots.of[node] = component;
  }
  return knots;
}

}  // namespace

std::vector<std::vector<Node>> FindKnots(const AndOrGraph& graph, const Liveness& liveness,
                                         const NodeSet& settled) {
  std::optional<KnotNumbers> rings = NumberRings(graph, liveness, settled);
  const KnotNumbers numbers =
      rings ? *std::move(rings) : NumberComponents(graph, liveness, settled);
  std::vector<std::vector<Node>> knots;
  std::vector<uint32_t> position(numbers.count, kNone);
  for (Node node = 0; node < graph.size(); ++node) {
    const uint32_t number = numbers.of[node];
    if (number == kNone) continue;
    if (position[number] == kNone) {
      position[number] = static_cast<uint32_t>(knots.size());
      knots.emplace_back();
    }
    knots[position[number]].push_back(node);
  }
  return knots;
}

CycleFinder::CycleFinder(const AndOrGraph& graph, const Liveness& liveness, Node threads)
    : graph_(graph),
      liveness_(liveness),
      threads_(threads),
      seen_in_(graph.size()),
      came_from_(threads) {}

// Each search may only find what is shorter, so that it stays near its start. Starts ascend: the
// best cycle begins at its own lowest thread, for any lower one would have found it first.
std::vector<CycleStep> CycleFinder::Find(const std::vector<Node>& knot) {
  if (std::vector<CycleStep> ring = WalkRing(knot.front()); !ring.empty()) return ring;
  bool is_alone = knot.size() == 1 || knot[1] >= threads_;
  size_t min_length = is_alone ? 1 : 2;
  size_t max_length = knot.size();
  std::vector<CycleStep> best;
  visits_ = 0;
  for (Node start : knot) {
    if (start >= threads_ || max_length < min_length) break;
    if (!best.empty() && visits_ > kEnoughVisits) break;
    std::vector<CycleStep> cycle = ShortestThrough(start, min_length, max_length);
    if (cycle.empty()) continue;
    best = std::move(cycle);
    max_length = best.size() - 1;
  }
  return best;
}

// The usual knot: each node needs one other.
std::vector<CycleStep> CycleFinder::WalkRing(Node start) const {
  std::vector<CycleStep> ring;
  Node node = start;
  do {
    const Node need = OnlyDeadNeed(graph_, liveness_, node);
    if (need == kNoNode) return {};
    if (node < threads_) ring.push_back({node, need});
    node = need;
  } while (node != start);
  return ring;
}

// Breadth-first over the threads, level by level.
std::vector<CycleStep> CycleFinder::ShortestThrough(Node start, size_t min_length,
                                                    size_t max_length) {
  ++search_;
  level_.assign(1, start);
  for (size_t length = 1; length <= max_length && !level_.empty(); ++length) {
    next_level_.clear();
    for (Node thread : level_) {
      for (Node need : graph_.Needs(thread)) {
        bool leads_to_start = Follow({thread, need}, start);
        if (leads_to_start && length >= min_length) return PathTo({thread, need});
      }
    }
    level_.swap(next_level_);
  }
  return {};
}

// Each gate is followed once, but for those next to the start: where two readers of a lock both
// want to write, the way out and the way back lead through the same gate.
bool CycleFinder::Follow(CycleStep step, Node start) {
  bool leads_to_start = false;
  between_.assign(1, step.need);
  while (!between_.empty()) {
    Node node = between_.back();
    between_.pop_back();
    ++visits_;
    if (node == start) leads_to_start = true;
    if (node == start || liveness_.IsLive(node) || seen_in_[node] == search_) continue;
    if (node < threads_) {
      seen_in_[node] = search_;
      came_from_[node] = step;
      next_level_.push_back(node);
    } else {
      if (step.node != start) seen_in_[node] = search_;
      std::span<const Node> needs = graph_.Needs(node);
      between_.insert(between_.end(), needs.begin(), needs.end());
    }
  }
  return leads_to_start;
}

// The start is not seen by its own search, so that the way back ends there.
std::vector<CycleStep> CycleFinder::PathTo(CycleStep last) const {
  std::vector<CycleStep> path = {last};
  while (seen_in_[path.back().node] == search_) path.push_back(came_from_[path.back().node]);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace detect
