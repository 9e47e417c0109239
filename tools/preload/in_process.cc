#include "tools/preload/in_process.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <new>

#include "libdetect/monitor/monitor.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/snapshot/process_probe.h"

namespace detect::preload {
namespace {

constinit std::atomic<bool> g_allowed{false};
// Never deleted: its thread runs until the process ends.
constinit std::atomic<Monitor*> g_monitor{nullptr};

// Returns whether every thread of the program has ended, the first one by pthread_exit: it stays
// behind as a zombie, and only the monitor's own thread runs.
bool ProgramHasEnded() {
  int32_t pid = getpid();
  ProcessProbe probe(pid);
  if (probe.CountThreads() != 2 || recorder::HasLiveThreads()) return false;
  return !probe.IsSleeping(pid).has_value();
}

// glibc ends a process with its last thread. Ours must not be that one.
void EndWithTheProgram() {
  if (ProgramHasEnded()) exit(0);
}

}  // namespace

void AllowInProcessMonitor() { g_allowed.store(true, std::memory_order_release); }

void StartInProcessMonitor() {
  if (!g_allowed.load(std::memory_order_acquire) || !g_allowed.exchange(false)) return;
  recorder::ScopedBusy busy;
  Monitor::Options options = Monitor::OptionsFromEnvironment();
  options.route = "preloaded";
  options.after_scan = EndWithTheProgram;
  g_monitor.store(new (std::nothrow) Monitor(std::move(options)), std::memory_order_release);
}

void ForgetMonitorInChild() {
  if (g_monitor.exchange(nullptr) != nullptr) g_allowed.store(true, std::memory_order_release);
}

void FinishInProcessMonitor() {
  Monitor* monitor = g_monitor.load(std::memory_order_acquire);
  if (monitor != nullptr) monitor->ScanNow();
}

}  // namespace detect::preload
