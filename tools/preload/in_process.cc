#include "tools/preload/in_process.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <new>
#include <utility>

#include "libdetect/monitor/monitor.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/snapshot/process_probe.h"

namespace detect::preload {
namespace {

// How much later a program may end because its report is being written.
constexpr std::chrono::seconds kLongestFinish{1};

constinit std::atomic<bool> g_allowed{false};
// Never deleted: its thread runs until the process ends.
constinit std::atomic<Monitor*> g_monitor{nullptr};

// Returns whether every thread of the program has ended, the first one by pthread_exit: it stays
// behind as a zombie, and only the monitor's own thread runs.
bool ProgramHasEnded() {
  if (recorder::HasLiveThreads()) return false;
  int32_t pid = getpid();
  ProcessProbe probe(pid);
  return probe.CountThreads() == 2 && !probe.IsSleeping(pid).has_value();
}

// glibc ends a process with its last thread. Ours must not be that one.
void EndWithTheProgram() {
  if (ProgramHasEnded()) exit(0);
}

}  // namespace

void AllowInProcessMonitor() { g_allowed.store(true, std::memory_order_release); }

void StartInProcessMonitor() {
  if (!g_allowed.load(std::memory_order_acquire) || !g_allowed.exchange(false)) return;
  int saved_errno = errno;
  recorder::ScopedBusy busy;
  Monitor::Options options = Monitor::OptionsFromEnvironment();
  options.route = "preloaded";
  options.after_scan = EndWithTheProgram;
  g_monitor.store(new (std::nothrow) Monitor(std::move(options)), std::memory_order_release);
  errno = saved_errno;
}

void ForgetMonitorInChild() {
  if (g_monitor.exchange(nullptr) != nullptr) g_allowed.store(true, std::memory_order_release);
}

void FinishInProcessMonitor() {
  Monitor* monitor = g_monitor.load(std::memory_order_acquire);
  if (monitor != nullptr) monitor->FinishWithin(kLongestFinish);
}

}  // namespace detect::preload
