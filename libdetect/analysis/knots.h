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
                                         const NodeSet& settled);

// `node` needs the next step's node, by way of `need`: one of its own needs, a gate or that node.
struct CycleStep {
  Node node = kNoNode;
  Node need = kNoNode;

  bool operator==(const CycleStep&) const = default;
};

// Finds a short way round in a knot, from thread to thread: the nodes below `threads` are threads,
// and the others are gates, which only lead from one thread to the next.
class CycleFinder {
 public:
  // `graph` and `liveness` must outlive this.
  CycleFinder(const AndOrGraph& graph, const Liveness& liveness, Node threads);

  // Returns a cycle, its lowest thread first; it is a shortest one wherever the knot is small
  // enough to try a start from each thread. A thread that needs itself is a cycle only where it is
  // the only one in the knot: among others it would leave those unexplained. Requires: `knot` comes
  // from FindKnots, and gates alone make no cycle. Cost: linear in the knot and its needs, and a
  // constant.
  std::vector<CycleStep> Find(const std::vector<Node>& knot);

 private:
  // Returns the knot's one cycle, or nothing where there are several.
  std::vector<CycleStep> WalkRing(Node start) const;
  std::vector<CycleStep> ShortestThrough(Node start, size_t min_length, size_t max_length);
  // Adds the threads that `step` leads to through gates, which costs nothing, to the next level.
  // Returns whether `start` is among them.
  bool Follow(CycleStep step, Node start);
  std::vector<CycleStep> PathTo(CycleStep last) const;

  const AndOrGraph& graph_;
  const Liveness& liveness_;
  const Node threads_;
  size_t visits_ = 0;  // of all searches in this knot
  // Of the search in progress.
  uint32_t search_ = 0;
  std::vector<uint32_t> seen_in_;     // by node: the last search that came by
  std::vector<CycleStep> came_from_;  // by thread that was seen in this search
  std::vector<Node> level_, next_level_, between_;
};

}  // namespace detect
