// TakeApart says of each thread of a Deadlock what it holds that the others want, what it waits
// for, and who stands in its way. Still indices only: names and source lines come later.
//
//   cycle      writer  ──accounts──► auditor ──audit──► writer
//   involved   a third thread of the same knot; an ended thread that keeps a lock
//   queued     reader-1 ──accounts──► auditor
//
// Context: monitor. Threads: pure. Memory: refers into the snapshot.
#pragma once

#include <vector>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/snapshot/snapshot.h"

namespace detect {

struct DeadlockPart {
  BlockedBy arrow;  // resource is kNoResource for a thread that has ended
  // The condition whose wait must take arrow.resource again; else kNoResource.
  ResourceIndex condition = kNoResource;
  // Those that some part waits for. In a cycle, what the part before waits for comes first.
  std::vector<const Hold*> holds;
};

struct DeadlockParts {
  std::vector<DeadlockPart> cycle;
  std::vector<DeadlockPart> involved;
  std::vector<DeadlockPart> queued;
  // All that a part holds, waits for or returns from, once, in that order, the cycle's first.
  std::vector<ResourceIndex> resources;
};

// Cost: linear in threads + resources + holds, apart from sorting the holds.
DeadlockParts TakeApart(const Snapshot& snapshot, const Deadlock& deadlock);

}  // namespace detect
