// How a program that links libdetect finds the recorder of a preloaded shim, so that both write one
// region: the shim sees the program's other locks, the linked types bring names.
//
// Context: hot.
#pragma once

#include <atomic>
#include <cstdint>

#include "libdetect/recorder/region.h"

namespace detect {
class Scheduler;
}  // namespace detect

namespace detect::recorder {

// Of the region's layout, and of this table.
inline constexpr uint32_t kShimVersion = kRegionVersion << 8 | 1;

// The shim's side of recorder.h. A plain table of functions: the two copies share no C++ symbols.
struct ShimApi {
  uint32_t version;  // kShimVersion of the shim; another one is not used
  Region* (*region)();
  std::atomic<uint32_t>* (*nudges)();
  ThreadSlot* (*current_thread)();
  ThreadSlot* (*prepare_thread)();
  void (*thread_started)(ThreadSlot*);
  void (*thread_ended)();
  Scheduler* (*scheduler)();  // returns null where none is installed
};

// Makes Start use the shim's region. Null, or a table of another version, is ignored.
void SetShim(const ShimApi* shim);

}  // namespace detect::recorder
