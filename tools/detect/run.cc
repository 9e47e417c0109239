// detect run: a program from start to end, with its deadlocks.
//
//   inspect ─► start under the shim ─► look, wait, look … ─► report ─► exit code
//                                        └► on a proven deadlock: the policy
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>

#include "libdetect/report/environment.h"
#include "libdetect/report/json.h"
#include "libdetect/report/report.h"
#include "libdetect/report/text_view.h"
#include "libdetect/report/write_file.h"
#include "tools/detect/child.h"
#include "tools/detect/exit_codes.h"
#include "tools/detect/hub.h"
#include "tools/detect/observer.h"
#include "tools/detect/run_arguments.h"
#include "tools/detect/run_directory.h"
#include "tools/detect/shim_path.h"
#include "tools/detect/signal_relay.h"
#include "tools/detect/terminal.h"
#include "tools/detect/verbs.h"
#include "tools/process/executable.h"

namespace detect {
namespace {

// How soon a candidate is looked at again.
constexpr std::chrono::milliseconds kPendingInterval{2};
// How long a program may take to end by SIGTERM before it is killed.
constexpr std::chrono::milliseconds kGrace{200};

void Say(const std::string& text) { std::fputs(text.c_str(), stderr); }

int Refuse(int code, const std::string& message) {
  Say("detect run: " + message + "\n");
  return code;
}

int ExitCodeOf(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::kNotFound:
      return kExitNotFound;
    case Obstacle::kNotExecutable:
      return kExitNotExecutable;
    default:
      return kExitOwnFailure;
  }
}

// FailOn has the verdicts in their order, the most certain first.
bool IsFailure(Verdict verdict, FailOn fail_on) {
  static_assert(static_cast<int>(FailOn::kProven) == static_cast<int>(Verdict::kProven) &&
                static_cast<int>(FailOn::kTemporary) == static_cast<int>(Verdict::kTemporary));
  return fail_on != FailOn::kNever && static_cast<int>(verdict) <= static_cast<int>(fail_on);
}

// One run, from the moment when nothing speaks against it.
class Run {
 public:
  Run(const RunArguments& arguments, RunDirectory* directory, Hub* hub)
      : options_(arguments.options), hub_(hub), relay_(hub), observer_(directory->path()) {}

  // Starts the program. Returns 0 or an errno.
  int Start(const Child::Plan& plan) {
    int error = child_.Start(plan, relay_);
    if (error != 0) return error;
    report_.program = DescribeProgram(child_.pid());
    std::error_code ignored;  // then the path is empty, as without a working directory
    report_.program.path = std::filesystem::absolute(plan.path, ignored).lexically_normal();
    report_.program.args = plan.args;
    report_.environment = DescribeEnvironment("run");
    return 0;
  }

  // Blocks: until the program has ended.
  void Observe() {
    std::chrono::milliseconds soon = std::min(kPendingInterval, options_.interval);
    while (true) {
      const uint32_t seen = hub_->count();
      relay_.PassOn(child_.pid());
      const bool has_ended = child_.HasEnded();
      const bool pending = LookAround();
      if (has_ended) break;
      hub_->Wait(seen, pending ? soon : options_.interval);
      // What stays unconfirmed, as in a stopped program, is not worth looking at that often.
      soon = std::min(pending ? soon * 2 : kPendingInterval, options_.interval);
    }
    Child::End end = child_.Reap();
    report_.program.exit_code = end.exit_code;
    report_.program.signal = end.signal;
    if (options_.enabled && !observer_.HasSeen(child_.pid())) {
      report_.notes.push_back(
          "The program itself was not observed: it never loaded the shim, or could not make its "
          "region.");
    }
  }

  // Writes the report, says where it is and what it lacks. Returns detect's exit code.
  int Conclude() {
    const Report report = WholeReport();
    const size_t count = report.findings.size();
    TextOptions text = Text();
    if (count > 0 || !options_.output.empty()) text.report_path = Write(report);
    if (count > 0) {
      Say("detect: " + std::to_string(count) + (count == 1 ? " finding in " : " findings in ") +
          report.program.path + (was_ended_ ? "; the program was ended for it.\n" : ".\n") +
          RenderTail(report, text));
    } else if (!report.notes.empty() || !report.losses.empty() || !text.report_path.empty()) {
      Say(RenderText(report, text));
    }
    for (const Finding& finding : report.findings) {
      if (IsFailure(finding.verdict, options_.fail_on)) return kExitFinding;
    }
    if (report.program.signal) return kExitSignalBase + *report.program.signal;
    return report.program.exit_code.value_or(kExitOwnFailure);
  }

 private:
  TextOptions Text() const {
    TextOptions text;
    text.color = UseColor(STDERR_FILENO);
    text.width = ColumnsOf(STDERR_FILENO);
    return text;
  }

  Report WholeReport() const {
    Report report = report_;
    observer_.AddTo(&report);
    return report;
  }

  // Returns whether to look again soon.
  bool LookAround() {
    Observer::Look look = observer_.LookAround();
    for (const Observer::Sighting& sighting : look.sightings) {
      const Report& report = sighting.process->report();
      const Finding& finding = report.findings[sighting.finding];
      if (sighting.process->pid() != child_.pid()) {
        Say("detect: in process " + std::to_string(sighting.process->pid()) + ":\n");
      }
      Say(RenderFinding(report, finding, Text()));
      if (IsProvenDeadlock(finding)) Act(*sighting.process);
    }
    // Should detect be killed too, what it found so far is there.
    if (!look.sightings.empty() && !options_.output.empty()) Write(WholeReport());
    return look.pending;
  }

  // What follows a proven deadlock.
  void Act(const ObservedProcess& process) {
    switch (options_.on_deadlock) {
      case OnDeadlock::kDefault:
      case OnDeadlock::kExit:
        EndProgram();
        break;
      case OnDeadlock::kAbort:
        process.Signal(SIGABRT);
        break;
      case OnDeadlock::kBreak:
        process.Signal(SIGSTOP);
        Say("detect: process " + std::to_string(process.pid()) +
            " is stopped. Look into it: gdb -p " + std::to_string(process.pid()) +
            "; let it go on: kill -CONT " + std::to_string(process.pid()) + "\n");
        break;
      case OnDeadlock::kReport:
      case OnDeadlock::kVictim:
        break;
    }
  }

  // Ends the program and its observed children: by SIGTERM, or SIGKILL where that does not help.
  void EndProgram() {
    if (was_ended_) return;
    was_ended_ = true;
    kill(child_.pid(), SIGTERM);
    observer_.SignalAll(SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + kGrace;
    while (!child_.HasEnded() && std::chrono::steady_clock::now() < deadline) {
      hub_->Wait(hub_->count(), kPendingInterval);
    }
    kill(child_.pid(), SIGKILL);
    observer_.SignalAll(SIGKILL);
  }

  // Writes the report to where the user wants it, else to the working directory, else to /tmp.
  // Returns the path; empty where it could not be written.
  std::string Write(const Report& report) const {
    const std::string name = "detect-report." + std::to_string(report.program.pid) + ".json";
    std::vector<std::string> places = {name, "/tmp/" + name};
    if (!options_.output.empty()) places = {std::string(options_.output.text())};
    const std::string contents = ToJson(report);
    std::string error;
    for (const std::string& place : places) {
      error = WriteReportFile(place, contents);
      if (error.empty()) return place;
    }
    Say("detect: the report was not written: " + error + "\n");
    return "";
  }

  const Options options_;
  Hub* const hub_;
  SignalRelay relay_;
  Observer observer_;
  Child child_;
  Report report_;  // of the program itself; the observer has the findings
  bool was_ended_ = false;
};

// Refuses a path that cannot be written before any work is done.
std::string CheckOutput(const Options& options) {
  if (options.output.empty()) return "";
  return WriteReportFile(std::string(options.output.text()), ToJson(Report()));
}

// Returns what the shim is told of the delays. A seed is chosen here, for all processes of the run,
// where none is given, and said.
std::string PerturbSettings(const Options& options) {
  if (options.perturb == Perturb::kOff) return "";
  auto seed = static_cast<uint64_t>(options.seed);
  const std::string name(NameOf(options.perturb));
  if (seed == 0) {
    seed = uint64_t{std::random_device()()} + 1;  // with 0, each process would choose its own
    std::fprintf(stderr,
                 "detect: delays lock operations; the same again: --perturb=%s --seed=%llu\n",
                 name.c_str(), static_cast<unsigned long long>(seed));
  }
  return "perturb=" + name +
         ":perturb-intensity=" + std::to_string(static_cast<int>(options.perturb_intensity)) +
         ":perturb-budget=" + std::to_string(static_cast<int>(options.perturb_budget)) +
         ":seed=" + std::to_string(seed) + ":";
}

}  // namespace

int RunVerb(std::span<const std::string> words) {
  RunArguments arguments;
  std::string error;
  if (!ParseRunArguments(words, &arguments, &error)) {
    return Refuse(kExitUsage, error + "\n  See: detect run --help");
  }
  if (arguments.wants_help) {
    std::fputs(RunHelp().c_str(), stdout);
    return 0;
  }
  Executable executable = InspectExecutable(arguments.program[0]);
  if (executable.obstacle != Obstacle::kNone) {
    return Refuse(ExitCodeOf(executable.obstacle), executable.refusal);
  }
  const std::string shim = FindShim(&error);
  if (shim.empty()) return Refuse(kExitOwnFailure, error);
  error = CheckOutput(arguments.options);
  if (!error.empty()) {
    return Refuse(kExitOwnFailure, error + "\n  Name another file with -o.");
  }
  std::unique_ptr<RunDirectory> directory = RunDirectory::Make(&error);
  if (directory == nullptr) {
    return Refuse(kExitOwnFailure, error + "\n  Set XDG_RUNTIME_DIR to a directory of your own.");
  }
  std::unique_ptr<Hub> hub = Hub::Make(directory->path());
  if (hub == nullptr) {
    return Refuse(kExitOwnFailure, "no room in " + directory->path() + ": " + strerror(errno) +
                                       "\n  Set XDG_RUNTIME_DIR to a directory with room.");
  }

  Run run(arguments, directory.get(), hub.get());
  int start_error = run.Start({.path = executable.path,
                               .args = arguments.program,
                               .shim = shim,
                               .region_directory = directory->path(),
                               .settings = PerturbSettings(arguments.options),
                               .records = arguments.options.enabled});
  if (start_error != 0) {
    return Refuse(kExitNotExecutable, executable.path + " cannot be run: " + strerror(start_error));
  }
  run.Observe();
  return run.Conclude();
}

}  // namespace detect
