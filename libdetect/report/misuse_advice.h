// What a finding about a misuse tells in sentences. See advice.h, its counterpart for deadlocks.
//
// Context: monitor or tool. Threads: pure.
#pragma once

#include <cstdint>
#include <string>

#include "libdetect/report/advice.h"
#include "libdetect/report/report.h"
#include "libdetect/report/report_index.h"

namespace detect {

// `finding` has its rule and steps; `resource` is the id of what was misused. Requires:
// finding.involved is not empty.
Advice AdviceForMisuse(const Finding& finding, uint32_t resource, const ReportIndex& index);

// Returns what the thread did, for a table: "ends", "locks". `rule` is MisuseRule(); "" for others.
const char* MisuseVerb(const std::string& rule);

}  // namespace detect
