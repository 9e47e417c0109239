// Observer watches all processes of a run through the region files that appear in its directory.
//
//   detect-run-Xa81bC/4242-0.region ─► ObservedProcess ─┐
//                     4243-0.region ─► ObservedProcess ─┼─► new findings ─► one report
//                     4243-1.region (after an exec)  ───┘
//
// It needs no help from the processes: one that was killed leaves its region, which is looked at a
// last time.
//
// Context: monitor. Threads: one at a time. Cost of a look: one directory listing and a scan of
// each live process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tools/detect/observed_process.h"

namespace detect {

class Observer {
 public:
  explicit Observer(std::string directory) : directory_(std::move(directory)) {}

  // Takes a finding at the moment when it is made, with the report it belongs to.
  struct Sighting {
    ObservedProcess* process;  // valid until the next look
    size_t finding;            // position in process->report().findings
  };
  struct Look {
    std::vector<Sighting> sightings;
    bool pending = false;  // something is still to be confirmed: look again soon
  };
  // Looks at every process, those that are new and those that have ended since included.
  Look LookAround();

  // Sends the signal to every process that is observed.
  void SignalAll(int signal) const;

  // Whether any process with this pid was ever observed.
  bool HasSeen(int32_t pid) const { return seen_.count(pid) > 0; }

  // Adds what was found in all processes to `report`.
  void AddTo(Report* report) const;

 private:
  bool MayHaveNewRegions();
  void FindNewRegions();

  const std::string directory_;
  std::map<int32_t, std::unique_ptr<ObservedProcess>> processes_;  // by pid
  // Looked at for the last time; alive until the next look.
  std::vector<std::unique_ptr<ObservedProcess>> retired_;
  std::set<std::string> known_files_;
  // When the directory was last changed, as of its last listing; empty: list it again.
  std::optional<int64_t> listed_mtime_ns_;
  std::set<int32_t> seen_;
  Report finished_;  // of the processes that have ended
};

}  // namespace detect
