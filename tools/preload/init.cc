// The shim's beginning and end in somebody else's process.

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <new>

#include "libdetect/base/options.h"
#include "libdetect/base/raw_log.h"
#include "libdetect/base/schedule.h"
#include "libdetect/harness/perturbation.h"
#include "libdetect/recorder/events.h"
#include "libdetect/recorder/shim_api.h"
#include "libdetect/stack/capture.h"
#include "tools/preload/in_process.h"
#include "tools/preload/native_mutex.h"
#include "tools/preload/real.h"

namespace detect::preload {
namespace {

constinit Options g_options{};
// Never destroyed: threads may run until the process ends.
alignas(Perturbation) constinit char g_perturbation[sizeof(Perturbation)]{};

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
    .version = recorder::kShimVersion,
    .region = RegionOfShim,
    .nudges = NudgesOfShim,
    .current_thread = recorder::CurrentThread,
    .prepare_thread = recorder::PrepareThread,
    .thread_started = recorder::ThreadStarted,
    .thread_ended = recorder::ThreadEnded,
    .scheduler = InstalledScheduler,
};

// Says how to have the same delays again, where nobody else does.
uint64_t ChooseSeed() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  const auto seed = static_cast<int64_t>(now.tv_nsec ^ (now.tv_sec << 20) ^ getpid());
  RawLog(RawLine() << "delays lock operations; the same again: DETECT_OPTIONS=perturb="
                   << NameOf(g_options.perturb) << ":seed=" << seed);
  return static_cast<uint64_t>(seed);
}

// Which core a thread may run on can be seen by the program, so that is only done on request.
void StartPerturbation() {
  if (g_options.perturb == Perturb::kOff) return;
  auto* perturbation = new (g_perturbation) Perturbation({.strategy = g_options.perturb,
                                                          .intensity = g_options.perturb_intensity,
                                                          .budget = g_options.perturb_budget,
                                                          .may_pin = false});
  const auto seed = static_cast<uint64_t>(g_options.seed);
  perturbation->BeginRound(seed != 0 ? seed : ChooseSeed());
  InstallScheduler(perturbation);
}

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
  StartPerturbation();
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
