// Describes a process and the machine it runs on, for a report's `program` and `environment`.
//
// Context: monitor or tool. Threads: any. Reads /proc.
#pragma once

#include <cstdint>

#include "libdetect/report/report.h"

namespace detect {

// Returns path, arguments, pid and start time of a process; what cannot be read stays empty.
Report::Program DescribeProgram(int32_t pid);

// Returns this machine's kernel and C library. `route` is "linked", "preloaded" or "run".
Report::Environment DescribeEnvironment(const char* route);

}  // namespace detect
