// FindingLines puts one finding into lines for a terminal: headline, one row a thread, the advice.
//
// Context: monitor or tool. Threads: pure.
#pragma once

#include <string>
#include <vector>

#include "libdetect/report/report.h"
#include "libdetect/report/report_index.h"
#include "libdetect/report/text_view.h"

namespace detect {

// At most 20 lines where options.verbose is false, however large the finding.
std::vector<std::string> FindingLines(const Finding& finding, const ReportIndex& index,
                                      const TextOptions& options);

}  // namespace detect
