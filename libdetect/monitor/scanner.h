// Scanner looks at one process's region again and again and reports each deadlock once.
//
//   Read ─► FindDeadlocks ─► confirm: same waits, threads asleep, lock words agree ─► Finding
//
// A candidate is reported once it has been confirmed; until then it is looked at again, and one
// that dissolves was never there. Used by the monitor thread inside a process and by `detect run`
// outside.
//
// Context: monitor. Threads: one at a time.
#pragma once

#include <memory>
#include <vector>

#include "libdetect/report/report_builder.h"
#include "libdetect/snapshot/process_probe.h"
#include "libdetect/snapshot/region_reader.h"
#include "libdetect/stack/symbolizer.h"

namespace detect {

class Scanner {
 public:
  // `symbolizer` and `report` must outlive the scanner. `own_threads` is how many threads of the
  // process are the detector's: it has no slot in the region for them.
  Scanner(std::unique_ptr<RegionReader> reader, Symbolizer* symbolizer, ReportBuilder* report,
          uint32_t own_threads = 0);
  ~Scanner();

  struct Result {
    std::vector<size_t> findings;  // positions in report()->findings of the new ones
    bool pending = false;          // a candidate is still to be confirmed: look again soon
  };
  // Looks once, and adds each newly confirmed deadlock to the report.
  Result Scan();

  // Copies the region's losses into the report. Call before the report is written.
  void RecordLosses();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace detect
