// MergeReport puts what was found in several processes of one run into one report.
//
// Each process counts its threads and locks from 1; in the merged report those of later processes
// count on from there.
//
// Context: tool. Threads: pure.
#pragma once

#include "libdetect/report/report.h"

namespace detect {

// Adds the findings of `from`, with their threads and resources, its losses and its notes to `to`.
void MergeReport(const Report& from, Report* to);

}  // namespace detect
