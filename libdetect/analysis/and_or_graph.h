// AndOrGraph says which things need which others to act first, and Liveness which of them can act.
//
//   all-of node   can act once every one of its needs can   (a writer waits for all readers)
//   any-of node   can act once one of its needs can
//   no needs      can act
//   own need      can never act, unless it is granted
//
// Liveness is the least fixed point of these rules: what only cycles could justify is not live. It
// is found by working outward from what needs nothing, visiting each need once (the reduction of
// R. Holt, "Some Deadlock Properties of Computer Systems", 1972, and the unit resolution of
// W. Dowling and J. Gallier, 1984).
//
// Cost: linear in nodes + needs, in a handful of flat arrays.
// Context: monitor. Threads: a graph is immutable; a Liveness is for one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace detect {

using Node = uint32_t;
inline constexpr Node kNoNode = UINT32_MAX;

// By node: whether it is in the set. A byte each, since a scan asks more often than it allocates.
using NodeSet = std::vector<uint8_t>;

enum class Rule : uint8_t { kAllOf, kAnyOf };

// `node` cannot act before `need` does.
struct Need {
  Node node = kNoNode;
  Node need = kNoNode;
};

class AndOrGraph {
 public:
  // One node for each of `rules`. Requires: `needs` speaks of no other.
  AndOrGraph(std::vector<Rule> rules, std::span<const Need> needs);

  Node size() const { return static_cast<Node>(rules_.size()); }
  Rule rule(Node node) const { return rules_[node]; }

  // In the order in which they were given.
  std::span<const Node> Needs(Node node) const { return needs_.Of(node); }
  std::span<const Node> NeededBy(Node node) const { return needed_by_.Of(node); }

 private:
  // The neighbours of all nodes in one array, node after node.
  struct Neighbours {
    std::vector<uint32_t> begin;  // node i's are [begin[i], begin[i + 1])
    std::vector<Node> nodes;

    std::span<const Node> Of(Node node) const {
      return {nodes.data() + begin[node], nodes.data() + begin[node + 1]};
    }
  };
  static Neighbours Sort(Node size, std::span<const Need> needs, Node Need::*from, Node Need::*to);

  std::vector<Rule> rules_;
  Neighbours needs_;
  Neighbours needed_by_;
};

class Liveness {
 public:
  // What follows from the graph alone. `graph` must outlive this.
  explicit Liveness(const AndOrGraph& graph);

  // Lets `node` act whatever it needs, with all that follows from it.
  void Grant(Node node);

  bool IsLive(Node node) const { return unmet_[node] == 0; }

 private:
  void Spread();

  const AndOrGraph& graph_;
  std::vector<uint32_t> unmet_;  // by node: how many needs must still be met
  std::vector<Node> to_spread_;  // live, but those that need them have not heard of it
};

}  // namespace detect
