// Tell says what FindDeadlocks finds in one readable line a deadlock, in the names of the Snapshot:
//
//   proven: t1 -B-> t2, t2 -A-> t1; members t1 t2; queued t3
//   nobody notifies: main -cv-> nobody; members main
//
// An arrow names what the first thread waits for and who keeps it from it. A join is "-join->".
//
// Context: tests.
#pragma once

#include <string>
#include <vector>

#include "libdetect/snapshot/snapshot.h"

namespace detect {

std::vector<std::string> Tell(const Snapshot& snapshot);

}  // namespace detect
