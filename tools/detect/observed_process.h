// ObservedProcess is one process of a run, looked at from outside through its region file.
//
// Context: monitor. Threads: one at a time. Memory: the mapped region, and once something was found
// the debug information of the process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "libdetect/monitor/scanner.h"
#include "libdetect/report/report_builder.h"
#include "libdetect/snapshot/region_reader.h"
#include "libdetect/stack/symbolizer.h"

namespace detect {

class ObservedProcess {
 public:
  ObservedProcess(std::string region_path, std::unique_ptr<RegionReader> reader);
  ObservedProcess(const ObservedProcess&) = delete;
  ObservedProcess& operator=(const ObservedProcess&) = delete;

  int32_t pid() const { return pid_; }
  const std::string& region_path() const { return region_path_; }

  // False once its parent knows of its end, or it has none.
  bool IsAlive() const;

  Scanner::Result Scan() { return scanner_.Scan(); }

  // What was found in it so far, and what was lost.
  const Report& report();

  // Sends the signal, provided that the process with this pid is indeed one that has the region
  // mapped: what the region says of itself is no reason to signal anybody.
  void Signal(int signal) const;

 private:
  const std::string region_path_;
  const int32_t pid_;
  const std::unique_ptr<Symbolizer> symbolizer_;
  ReportBuilder builder_;
  Scanner scanner_;
};

}  // namespace detect
