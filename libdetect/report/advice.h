// Advice is what a finding tells in sentences: what happened, why it cannot end, what to change.
//
//   cycle with names and lines ─► "writer" and "auditor" wait for each other
//                                 take accounts before audit in both: change auditor at
//                                 log.cc:18-22
//
// Each shape of deadlock has one row in the table in advice.cc; the first that fits speaks.
//
// Context: monitor or tool. Threads: pure.
#pragma once

#include <string>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/report/report.h"
#include "libdetect/report/report_index.h"

namespace detect {

struct Advice {
  std::string summary;      // one sentence, without a full stop
  std::string explanation;  // sentences
  std::string fix;          // begins with a verb, without a full stop
};

// `finding` has its verdict and steps. Requires: finding.cycle is not empty.
Advice AdviceFor(const Finding& finding, Guess guess, const ReportIndex& index);

}  // namespace detect
