// The definition of deadlock, word for word and slowly: what FindDeadlocks must agree with.
//
// It shares nothing with the analysis but the Snapshot. Every need is written out thread by thread,
// everything is recomputed until nothing changes, and who reaches whom is found by trying.
//
// Context: tests.
#pragma once

#include <vector>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/snapshot/snapshot.h"

namespace detect {

// Whom a pass takes for able to act.
struct Trust {
  bool anyone;     // wakes a sleeper, though no live thread is known
  bool ended;      // threads that have ended give their locks back
  bool deadlines;  // time passes
};

// Returns the waiting threads of `snapshot` that can never run again, ascending.
std::vector<ThreadIndex> OracleDead(const Snapshot& snapshot, Trust trust);

// Returns every arrow from a thread of `dead` to one that it needs and that cannot act, where
// deadlines count as `trust` says. A blocker is kNoThread where it is nobody in particular.
std::vector<BlockedBy> OracleArrows(const Snapshot& snapshot, Trust trust);

// Returns what FindDeadlocks should, but with each cycle left empty.
std::vector<Deadlock> OracleDeadlocks(const Snapshot& snapshot);

// The trust that a verdict comes from.
Trust TrustOf(Verdict verdict);

}  // namespace detect
