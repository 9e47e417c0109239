// CycleView reads the cycle of a finding the way sentences about it are made: by position, going
// round, with names and short locations in place of ids and frames.
//
// Context: monitor or tool. Threads: share it as const.
#pragma once

#include <string>

#include "libdetect/report/report.h"
#include "libdetect/report/report_index.h"

namespace detect {

class CycleView {
 public:
  // Both must outlive the view. Requires: finding.cycle is not empty.
  CycleView(const Finding& finding, const ReportIndex& index) : finding_(finding), index_(index) {}

  size_t size() const { return finding_.cycle.size(); }
  const Finding& finding() const { return finding_; }
  const ReportStep& Step(size_t i) const { return finding_.cycle[i % size()]; }

  std::string Thread(size_t i) const { return index_.ThreadLabel(Step(i).thread); }

  // What step `i` waits for.
  const ReportResource& Wanted(size_t i) const {
    return index_.Resource(Step(i).waits_for.value_or(0));
  }
  std::string WaitsAt(size_t i) const;

  // How step `i` holds what the step before it waits for; nullptr where it does not hold it, as
  // when it is joined, or is a writer that waits in front of a reader.
  const ReportHold* Held(size_t i) const;
  std::string HeldAt(size_t i) const;

  bool IsJoin(size_t i) const { return Wanted(i).kind == "thread"; }
  bool IsRetake(size_t i) const { return Step(i).condition.has_value(); }

  // Returns "bank.cc:41-44", "bank.cc:41 and log.cc:7", or what is known of it: where step `i`
  // acquires what it holds, and where it waits.
  std::string Span(size_t i) const;

 private:
  const Finding& finding_;
  const ReportIndex& index_;
};

}  // namespace detect
