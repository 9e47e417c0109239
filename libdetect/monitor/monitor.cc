#include "libdetect/monitor/monitor.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "libdetect/base/raw_log.h"
#include "libdetect/monitor/scanner.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/recorder/victim.h"
#include "libdetect/report/environment.h"
#include "libdetect/report/json.h"
#include "libdetect/report/text_view.h"
#include "libdetect/report/write_file.h"

namespace detect {
namespace {

constexpr int kFindingExitCode = 66;
// How soon a candidate is looked at again.
constexpr std::chrono::milliseconds kPendingInterval{2};

// Threads of this process that belong to the detector.
constinit std::atomic<uint32_t> g_own_threads{0};

// Writes all of it, whatever the program did to its stdio.
void WriteToStderr(std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

const ReportHold* HoldOf(const ReportStep& step, uint32_t resource) {
  for (const ReportHold& hold : step.holds) {
    if (hold.resource == resource) return &hold;
  }
  return nullptr;
}

// Makes the list that FindDeadlockedThreads returns out of a report.
class DeadlockedThreads {
 public:
  explicit DeadlockedThreads(const Report& report) : report_(report) {}

  std::vector<DeadlockedThread> List() const {
    std::vector<DeadlockedThread> threads;
    for (const Finding& finding : report_.findings) {
      if (!IsProvenDeadlock(finding)) continue;
      for (const auto* steps : {&finding.cycle, &finding.involved, &finding.queued}) {
        for (const ReportStep& step : *steps) threads.push_back(Describe(finding, step));
      }
    }
    return threads;
  }

 private:
  DeadlockedThread Describe(const Finding& finding, const ReportStep& step) const {
    DeadlockedThread thread;
    thread.id = step.thread;
    if (const ReportThread* known = Find(report_.threads, step.thread)) {
      thread.tid = known->tid;
      thread.name = known->name;
    }
    if (step.waits_for) {
      const ReportResource* resource = Find(report_.resources, *step.waits_for);
      if (resource != nullptr) thread.waits_for = resource->name;
    }
    thread.waits_at = step.stack;
    if (!step.blocker) return thread;
    if (const ReportThread* blocker = Find(report_.threads, *step.blocker)) {
      thread.held_by = blocker->name;
    }
    for (const auto* steps : {&finding.cycle, &finding.involved, &finding.queued}) {
      for (const ReportStep& other : *steps) {
        if (other.thread != *step.blocker || !step.waits_for) continue;
        const ReportHold* hold = HoldOf(other, *step.waits_for);
        if (hold != nullptr) thread.holder_at = hold->stack;
      }
    }
    return thread;
  }

  template <typename T>
  static const T* Find(const std::vector<T>& all, uint32_t id) {
    for (const T& one : all) {
      if (one.id == id) return &one;
    }
    return nullptr;
  }

  const Report& report_;
};

}  // namespace

std::vector<DeadlockedThread> FindDeadlockedThreads() {
  recorder::ScopedBusy busy;
  std::unique_ptr<RegionReader> reader = RegionReader::OfThisProcess();
  if (reader == nullptr) return {};
  std::unique_ptr<Symbolizer> symbolizer = MakeSelfSymbolizer();
  ReportBuilder builder;
  Scanner scanner(std::move(reader), symbolizer.get(), &builder, g_own_threads.load());
  if (scanner.Scan().findings.empty()) return {};
  return DeadlockedThreads(*builder.report()).List();
}

struct Monitor::Impl {
  // Constant after construction.
  Options options;
  pthread_t thread{};
  bool has_thread = false;

  std::atomic<bool> stop{false};
  // FinishWithin was called so often, and was done for so many of the calls.
  std::atomic<uint32_t> finishes_wanted{0};
  std::atomic<uint32_t> finishes_done{0};

  std::mutex mutex;
  // Guarded by mutex.
  ReportBuilder builder;
  std::unique_ptr<Symbolizer> symbolizer;
  std::unique_ptr<Scanner> scanner;

  // Looks once. Returns how long to wait before the next look.
  std::chrono::milliseconds Scan() {
    std::vector<Finding> found;
    Report report;
    Scanner::Result result;
    {
      std::lock_guard<std::mutex> lock(mutex);
      if (scanner == nullptr) return options.interval;
      result = scanner->Scan();
      if (!result.findings.empty()) {
        scanner->RecordLosses();
        report = *builder.report();
      }
    }
    for (size_t index : result.findings) Tell(report, index);
    return result.pending ? std::min(kPendingInterval, options.interval) : options.interval;
  }

  void Tell(const Report& report, size_t index) {
    const Finding& finding = report.findings[index];
    WriteReport(report);
    if (options.callback) {
      options.callback(finding, report);
    } else {
      TextOptions text;
      text.color = false;
      text.report_path = options.output;
      WriteToStderr(RenderFinding(report, finding, text));
    }
    if (IsProvenDeadlock(finding)) Act(finding);
  }

  void Act(const Finding& finding) const {
    switch (options.on_deadlock) {
      case OnDeadlock::kExit:
        // Not exit(): destructors would meet the locks that are stuck.
        _exit(kFindingExitCode);
      case OnDeadlock::kAbort:
        abort();
      case OnDeadlock::kBreak:
        raise(SIGTRAP);
        break;
      case OnDeadlock::kVictim:
        for (const ReportStep& step : finding.cycle) {
          if (recorder::ChooseVictim(step.thread)) break;
        }
        break;
      case OnDeadlock::kReport:
      case OnDeadlock::kDefault:
        break;
    }
  }

  // With the losses that were counted so far.
  Report CurrentReport() {
    std::lock_guard<std::mutex> lock(mutex);
    if (scanner != nullptr) scanner->RecordLosses();
    return *builder.report();
  }

  void WriteReport(const Report& report) const {
    if (options.output.empty()) return;
    std::string error = WriteReportFile(options.output, ToJson(report));
    if (!error.empty()) WriteToStderr("detect: report not written: " + error + "\n");
  }

  static void* Run(void* argument) {
    // Nothing that this thread ever does is the program's.
    recorder::ScopedBusy busy;
    Impl* impl = static_cast<Impl*>(argument);
    while (!impl->stop.load(std::memory_order_acquire)) {
      uint32_t nudges = recorder::NudgeCount();
      uint32_t wanted = impl->finishes_wanted.load(std::memory_order_acquire);
      std::chrono::nanoseconds wait = impl->Scan();
      if (impl->finishes_done.load(std::memory_order_relaxed) != wanted) {
        impl->WriteReport(impl->CurrentReport());
        impl->finishes_done.store(wanted, std::memory_order_release);
        recorder::Nudge();
      }
      if (impl->options.after_scan) impl->options.after_scan();
      if (impl->stop.load(std::memory_order_acquire)) break;
      recorder::WaitForNudge(nudges, wait.count());
    }
    return nullptr;
  }

  // The program's signals are for its own threads.
  void StartThread() {
    recorder::ScopedBusy busy;
    sigset_t all;
    sigfillset(&all);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setsigmask_np(&attributes, &all);
    has_thread = pthread_create(&thread, &attributes, Run, this) == 0;
    pthread_attr_destroy(&attributes);
    if (has_thread) g_own_threads.fetch_add(1);
  }
};

Monitor::Options Monitor::OptionsFromEnvironment() {
  detect::Options set;
  SetOptionsFromEnvironment(set);
  Options options;
  options.interval = set.interval;
  options.on_deadlock =
      set.on_deadlock == OnDeadlock::kDefault ? OnDeadlock::kReport : set.on_deadlock;
  options.output = set.output.text();
  return options;
}

Monitor::Monitor(Options options) : impl_(std::make_unique<Impl>()) {
  recorder::ScopedBusy busy;
  impl_->options = std::move(options);
  impl_->builder.report()->program = DescribeProgram(getpid());
  impl_->builder.report()->environment = DescribeEnvironment(impl_->options.route);
  impl_->symbolizer = MakeSelfSymbolizer();
  if (std::unique_ptr<RegionReader> reader = RegionReader::OfThisProcess()) {
    impl_->scanner = std::make_unique<Scanner>(std::move(reader), impl_->symbolizer.get(),
                                               &impl_->builder, g_own_threads.load() + 1);
  }
  impl_->StartThread();
}

Monitor::~Monitor() {
  recorder::ScopedBusy busy;
  impl_->stop.store(true, std::memory_order_release);
  recorder::Nudge();
  if (impl_->has_thread) {
    pthread_join(impl_->thread, nullptr);
    g_own_threads.fetch_sub(1);
  }
  impl_->Scan();
  impl_->WriteReport(report());
}

void Monitor::ScanNow() {
  recorder::ScopedBusy busy;
  impl_->Scan();
  impl_->WriteReport(report());
}

void Monitor::FinishWithin(std::chrono::milliseconds longest) {
  if (!impl_->has_thread) return;
  if (pthread_equal(pthread_self(), impl_->thread)) return ScanNow();
  recorder::ScopedBusy busy;
  auto deadline = std::chrono::steady_clock::now() + longest;
  uint32_t wanted = impl_->finishes_wanted.fetch_add(1, std::memory_order_acq_rel) + 1;
  recorder::Nudge();
  for (;;) {
    uint32_t nudges = recorder::NudgeCount();
    if (impl_->finishes_done.load(std::memory_order_acquire) == wanted) return;
    std::chrono::nanoseconds left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) return;
    recorder::WaitForNudge(nudges, left.count());
  }
}

Report Monitor::report() const {
  recorder::ScopedBusy busy;
  return impl_->CurrentReport();
}

}  // namespace detect
