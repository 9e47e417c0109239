// ReportBuilder turns deadlocks into findings and keeps the report that they belong to.
//
//   Snapshot (addresses) + Deadlock (indices) + Symbolizer ─► Finding (names, lines, advice)
//                                                             └► its threads and resources, once
//
// A thread or lock that several findings name is in the report once, under one id. A name that was
// told is never changed: of two locks of the same name in one finding, both are numbered, "x #1"
// and "x #2"; one that comes in a later finding takes the next number.
//
// Context: monitor or tool. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/report/report.h"
#include "libdetect/snapshot/snapshot.h"
#include "libdetect/stack/symbolizer.h"

namespace detect {

class ReportBuilder {
 public:
  // Adds a finding about `deadlock`, which was found in `snapshot`. Returns its position in
  // report()->findings. Requires: the stacks of the threads concerned are filled in.
  size_t AddDeadlock(const Snapshot& snapshot, const Deadlock& deadlock, Symbolizer& symbolizer);

  // The same about a misuse, which is certain: the program did it. Such a finding has no cycle.
  size_t AddMisuse(const Snapshot& snapshot, const MisuseSeen& misuse, Symbolizer& symbolizer);

  // Program, environment, losses and notes are the caller's to fill in.
  Report* report() { return &report_; }
  const Report* report() const { return &report_; }

 private:
  class Draft;

  // What makes a resource of two snapshots the same: kind, address or thread, name, where created.
  using ResourceKey = std::tuple<ResourceKind, uint64_t, std::string, uint32_t>;
  struct KnownResource {
    uint32_t id = 0;
    std::string stable_name;
  };

  Report report_;
  std::map<ResourceKey, KnownResource> resources_;
  std::map<std::string, int> times_named_;  // by the name without its number
  std::map<uint32_t, size_t> threads_;      // positions in report_.threads, by id
};

}  // namespace detect
