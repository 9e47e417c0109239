// What a lock is called in a report: the first that exists of
//
//   the name its user gave          "accounts"
//   the global variable it is       "bank::accounts_mutex"
//   where it was created            "mutex created at bank.cc:12"
//   where its holder locked it      "mutex locked at bank.cc:41"
//
// and never an address, which says nothing to a reader and changes from run to run.
//
// Context: monitor or tool. Threads: as the symbolizer.
#pragma once

#include <string>
#include <vector>

#include "libdetect/snapshot/snapshot.h"
#include "libdetect/stack/symbolizer.h"

namespace detect {

struct ResourceName {
  std::string shown;
  // The same in another run or build: functions instead of lines. For fingerprints.
  std::string stable;
};

// `given` is what its user called it; `created_at` and `used_at` are symbolized stacks. Each is
// empty when unknown. A kThread resource is named by who knows its thread; see ReportBuilder.
ResourceName NameOfResource(const Resource& resource, const std::string& given,
                            const std::vector<Frame>& created_at, const std::vector<Frame>& used_at,
                            Symbolizer& symbolizer);

}  // namespace detect
