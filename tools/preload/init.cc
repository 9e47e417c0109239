// The shim's beginning and end in somebody else's process.

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#include "libdetect/base/options.h"
#include "libdetect/base/raw_log.h"
#include "libdetect/recorder/events.h"
#include "libdetect/recorder/shim_api.h"
#include "libdetect/stack/capture.h"
#include "tools/preload/in_process.h"
#include "tools/preload/native_mutex.h"
#include "tools/preload/real.h"

namespace detect::preload {
namespace {

constinit Options g_options{};

// A sanitizer stands in front of the same functions and must be the only one.
bool HasSanitizer() {
  for (const char* symbol : {"__tsan_init", "__asan_init", "__msan_init", "__hwasan_init"}) {
    if (dlsym(RTLD_DEFAULT, symbol) != nullptr) return true;
  }
  return false;
}

recorder::Region* RegionOfShim() { return recorder::CurrentRegion(); }

std::atomic<uint32_t>* NudgesOfShim() {
  return recorder::g_switch.nudges.load(std::memory_order_relaxed);
}

constexpr recorder::ShimApi kApi = {
    .version = recorder::kRegionVersion,
    .region = RegionOfShim,
    .nudges = NudgesOfShim,
    .current_thread = recorder::CurrentThread,
    .prepare_thread = recorder::PrepareThread,
    .thread_started = recorder::ThreadStarted,
    .thread_ended = recorder::ThreadEnded,
};

void Start() {
  SetOptionsFromEnvironment(g_options);
  if (!g_options.enabled) return;
  if (HasSanitizer()) {
    RawLog(
        "this program is built with a sanitizer, which the shim would disturb: not "
        "watched");
    return;
  }
  FindRealFunctions();
  VerifyFastPath();
  recorder::SetUnwinder(UnwindHere);
  bool is_observed = !g_options.region_dir.empty();
  if (!recorder::Start(is_observed ? g_options.region_dir.c_str() : nullptr)) return;
  if (is_observed) return;
  AllowInProcessMonitor();
  pthread_atfork(nullptr, nullptr, ForgetMonitorInChild);
}

// A program finds errno 0 when it begins.
__attribute__((constructor(101))) void StartShim() {
  int saved_errno = errno;
  Start();
  errno = saved_errno;
}

__attribute__((destructor)) void FinishShim() { FinishInProcessMonitor(); }

}  // namespace
}  // namespace detect::preload

extern "C" __attribute__((visibility("default"))) const detect::recorder::ShimApi*
detect_shim_api() {
  return &detect::preload::kApi;
}
