// FindKnots takes the nodes that are not live apart: who holds up each other, who merely queues.
//
//   a ──► b ──► c      a and b need each other: a knot.      d ──► a      d queues, and is in none.
//   ▲─────┘     c is live
//
// A node that is not live needs at least one other that is not. So following such needs always ends
// in a group that none leaves: a strongly connected component without a way out, which is a knot.
//
// Cost: FindKnots is linear (R. Tarjan, "Depth-First Search and Linear Graph Algorithms", 1972),
// without recursion. Context: monitor. Threads: pure.
#pragma once

#include <cstdint>
#include <vector>

#include "libdetect/analysis/and_or_graph.h"

namespace detect {

// Returns the knots among the nodes that are neither live nor `settled`, each in ascending order,
// and ordered by their first nodes. A group with a need that is settled and not live is no knot: it
// is held up from outside. Requires: settled.size() == graph.size().
std::vector<std::vector<Node>> FindKnots(const AndOrGraph& graph, const Liveness& liveness,
                                         const std::vector<bool>& settled);

// Finds a short way round in a knot. Its length is counted in the nodes below `counted`; the others
// only lead from one of those to the next.
class CycleFinder {
 public:
  // `graph` and `liveness` must outlive this.
  CycleFinder(const AndOrGraph& graph, const Liveness& liveness, Node counted);

  // Returns the nodes of a cycle in order, the lowest first; it is a shortest one wherever the knot
  // is small enough to try a start from each node. Requires: `knot` comes from FindKnots and has a
  // node below `counted` in each of its cycles.
  // Cost: linear in the knot and its needs, and a constant.
  std::vector<Node> Find(const std::vector<Node>& knot);

 private:
  bool IsRing(const std::vector<Node>& knot) const;
  std::vector<Node> ShortestThrough(Node start, size_t max_length);
  std::vector<Node> PathTo(Node last) const;

  const AndOrGraph& graph_;
  const Liveness& liveness_;
  const Node counted_;
  // Of the search in progress.
  uint32_t search_ = 0;
  size_t visits_ = 0;              // of all searches in this knot
  std::vector<uint32_t> seen_in_;  // by node: the last search that came by
  std::vector<Node> came_from_;
  std::vector<Node> level_, next_level_, between_;
};

}  // namespace detect
