#include "libdetect/analysis/knots.h"

#include <algorithm>
#include <utility>

namespace detect {
namespace {

// Once the searches in a knot have looked at this many needs, the shortest cycle so far will do.
constexpr size_t kEnoughVisits = 16 * 1024;

// Tarjan's algorithm with its own stack: a ring of 10,000 must not need 10,000 frames.
class KnotFinder {
 public:
  KnotFinder(const AndOrGraph& graph, const Liveness& liveness, const std::vector<bool>& settled)
      : graph_(graph),
        liveness_(liveness),
        settled_(settled),
        order_(graph.size(), kUnvisited),
        reaches_(graph.size()) {}

  std::vector<std::vector<Node>> Find() {
    for (Node node = 0; node < graph_.size(); ++node) {
      if (IsCandidate(node) && order_[node] == kUnvisited) Explore(node);
    }
    std::sort(knots_.begin(), knots_.end());
    return std::move(knots_);
  }

 private:
  static constexpr uint32_t kUnvisited = 0;
  static constexpr uint32_t kClosed = UINT32_MAX;  // its component is complete

  struct Visit {
    Node node;
    uint32_t next_need = 0;
  };

  bool IsCandidate(Node node) const { return !liveness_.IsLive(node) && !settled_[node]; }

  void Explore(Node root) {
    Enter(root);
    while (!visits_.empty()) {
      Visit& visit = visits_.back();
      std::span<const Node> needs = graph_.Needs(visit.node);
      if (visit.next_need < needs.size()) {
        Node need = needs[visit.next_need++];
        if (!IsCandidate(need) || order_[need] == kClosed) continue;
        if (order_[need] == kUnvisited) {
          Enter(need);
        } else {
          reaches_[visit.node] = std::min(reaches_[visit.node], order_[need]);
        }
      } else {
        Leave(visit.node);
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
    if (!visits_.empty()) {
      Node parent = visits_.back().node;
      reaches_[parent] = std::min(reaches_[parent], reaches_[node]);
    }
    if (reaches_[node] == order_[node]) CloseComponent(node);
  }

  // The component of `first` is what was opened since.
  void CloseComponent(Node first) {
    auto begin = std::find(open_.rbegin(), open_.rend(), first).base() - 1;
    std::vector<Node> component(begin, open_.end());
    open_.erase(begin, open_.end());
    bool is_knot = std::none_of(component.begin(), component.end(), [&](Node node) {
      std::span<const Node> needs = graph_.Needs(node);
      return std::any_of(needs.begin(), needs.end(), [&](Node need) {
        return !liveness_.IsLive(need) && !IsOpenSince(order_[first], need);
      });
    });
    for (Node node : component) order_[node] = kClosed;
    if (!is_knot) return;
    std::sort(component.begin(), component.end());
    knots_.push_back(std::move(component));
  }

  bool IsOpenSince(uint32_t order, Node node) const {
    return order_[node] >= order && order_[node] != kClosed;
  }

  const AndOrGraph& graph_;
  const Liveness& liveness_;
  const std::vector<bool>& settled_;
  std::vector<uint32_t> order_;    // by node: when it was entered, from 1; or a constant above
  std::vector<uint32_t> reaches_;  // by node: the earliest open one known to be reached from it
  std::vector<Node> open_;         // entered, component not complete; in order
  std::vector<Visit> visits_;
  uint32_t entered_ = 0;
  std::vector<std::vector<Node>> knots_;
};

}  // namespace

std::vector<std::vector<Node>> FindKnots(const AndOrGraph& graph, const Liveness& liveness,
                                         const std::vector<bool>& settled) {
  return KnotFinder(graph, liveness, settled).Find();
}

CycleFinder::CycleFinder(const AndOrGraph& graph, const Liveness& liveness, Node counted)
    : graph_(graph),
      liveness_(liveness),
      counted_(counted),
      seen_in_(graph.size()),
      came_from_(graph.size(), kNoNode) {}

// Each search may only find what is shorter, so that it stays near its start. Starts ascend: a
// cycle that beats the others begins at its own lowest node, for any lower one would have found it
// first.
std::vector<Node> CycleFinder::Find(const std::vector<Node>& knot) {
  std::vector<Node> best;
  size_t max_length = knot.size();
  visits_ = 0;
  for (Node start : knot) {
    if (start >= counted_ || max_length == 0) break;
    if (!best.empty() && visits_ > kEnoughVisits) break;
    std::vector<Node> cycle = ShortestThrough(start, max_length);
    if (cycle.empty()) continue;
    best = std::move(cycle);
    auto is_counted = [&](Node node) { return node < counted_; };
    max_length = std::count_if(best.begin(), best.end(), is_counted) - 1;
  }
  return best;
}

// Breadth-first over the counted nodes; what lies between two of them costs nothing, so it is
// followed at once.
std::vector<Node> CycleFinder::ShortestThrough(Node start, size_t max_length) {
  ++search_;
  level_.assign(1, start);
  for (size_t length = 1; length <= max_length && !level_.empty(); ++length) {
    next_level_.clear();
    for (Node counted : level_) {
      between_.assign(1, counted);
      while (!between_.empty()) {
        Node node = between_.back();
        between_.pop_back();
        for (Node need : graph_.Needs(node)) {
          ++visits_;
          if (need == start) return PathTo(node);
          if (liveness_.IsLive(need) || seen_in_[need] == search_) continue;
          seen_in_[need] = search_;
          came_from_[need] = node;
          (need < counted_ ? next_level_ : between_).push_back(need);
        }
      }
    }
    level_.swap(next_level_);
  }
  return {};
}

std::vector<Node> CycleFinder::PathTo(Node last) const {
  std::vector<Node> path = {last};
  while (seen_in_[path.back()] == search_) path.push_back(came_from_[path.back()]);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace detect
