// Turns recording on before main, and before other constructors, in a program that links libdetect.

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/recorder/shim_api.h"
#include "libdetect/stack/capture.h"

// The preload shim's, where it is loaded.
extern "C" __attribute__((weak)) const detect::recorder::ShimApi* detect_shim_api();

namespace detect::recorder {
namespace {

__attribute__((constructor(101))) void StartBeforeMain() {
  if (!kEnabled) return;
  SetUnwinder(UnwindHere);
  if (const ShimApi* shim = &detect_shim_api != nullptr ? detect_shim_api() : nullptr) {
    SetShim(shim);
    if (shim->version == kShimVersion) InstallScheduler(shim->scheduler());
  }
  Start(nullptr);
}

}  // namespace
}  // namespace detect::recorder
