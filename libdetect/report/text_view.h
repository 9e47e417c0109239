// The text view of a report: what a terminal shows.
//
//   detect: DEADLOCK (proven): "writer" and "auditor" wait for each other, since 5.0 s   [deadlock]
//     writer   holds accounts  bank.cc:41  waits for audit     bank.cc:44
//     auditor  holds audit     log.cc:18   waits for accounts  log.cc:22
//     + 2 threads queue behind: reader-1, reader-2
//     Fix: take accounts before audit in both: change auditor at log.cc:18-22.
//     More: detect explain deadlock
//
// Made from the report alone, on any machine. What came from the program is escaped.
//
// Context: monitor or tool. Threads: pure.
#pragma once

#include <cstddef>
#include <string>

#include "libdetect/report/report.h"

namespace detect {

struct TextOptions {
  bool color = false;
  size_t width = 100;       // columns
  bool verbose = false;     // every thread, with its stacks; else at most 25 lines
  std::string report_path;  // where the report was written; empty: nowhere
};

// Returns the whole report: its findings, what was lost, where the file is. Lines end in '\n'.
std::string RenderText(const Report& report, const TextOptions& options);

// Returns one finding of `report`, for the moment when it is made.
std::string RenderFinding(const Report& report, const Finding& finding, const TextOptions& options);

// Returns what follows the findings: losses, notes, where the report is.
std::string RenderTail(const Report& report, const TextOptions& options);

}  // namespace detect
