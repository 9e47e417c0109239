#include "libdetect/harness/hang_report.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>

#include "libdetect/base/kinds.h"
#include "libdetect/harness/process_threads.h"
#include "libdetect/harness/thread_stack.h"
#include "libdetect/monitor/scanner.h"
#include "libdetect/report/environment.h"
#include "libdetect/report/report_builder.h"
#include "libdetect/report/terminal_text.h"
#include "libdetect/report/text_view.h"
#include "libdetect/report/visible_frames.h"
#include "libdetect/snapshot/region_reader.h"

namespace detect {
namespace {

using std::chrono::steady_clock;

// How long a candidate may take to be confirmed.
constexpr std::chrono::milliseconds kConfirmTime{50};
// Threads of one finding, and others, that are shown with their stacks. Those of a team mostly hang
// all at one place.
constexpr size_t kMostShown = 6;
constexpr size_t kMostFrames = 8;

std::string More(size_t count, const char* what) {
  return "  + " + std::to_string(count) + " more thread" + (count == 1 ? " " : "s ") + what + "\n";
}

// Describes one look at the process, for as long as nobody moves.
class Hang {
 public:
  explicit Hang(const std::vector<int32_t>& tids)
      : untold_(tids.begin(), tids.end()), tids_(untold_), symbolizer_(MakeSelfSymbolizer()) {}

  HangReport Describe() {
    Scan();
    HangReport hang;
    for (const Finding& finding : builder_.report()->findings) {
      if (!IsAboutUs(finding)) continue;
      hang.is_deadlock |= IsProvenDeadlock(finding);
      hang.text += Text(finding);
    }
    hang.text += TextOfOthers();
    hang.report = *builder_.report();
    return hang;
  }

 private:
  void Scan() {
    builder_.report()->program = DescribeProgram(getpid());
    builder_.report()->environment = DescribeEnvironment("linked");
    const std::unique_ptr<RegionReader> reader = RegionReader::OfThisProcess();
    if (reader == nullptr) return;  // nothing is recorded
    const Snapshot& look = reader->Read();
    reader->FillDetails({});
    snapshot_ = look;
    Scanner scanner(RegionReader::OfThisProcess(), symbolizer_.get(), &builder_);
    const auto deadline = steady_clock::now() + kConfirmTime;
    while (scanner.Scan().pending && steady_clock::now() < deadline) sched_yield();
    scanner.RecordLosses();
  }

  int32_t TidOf(uint32_t thread_id) const {
    for (const ReportThread& thread : builder_.report()->threads) {
      if (thread.id == thread_id) return thread.tid;
    }
    return 0;
  }

  // Also notes which of ours it tells of. What an earlier test left behind is not about us.
  bool IsAboutUs(const Finding& finding) {
    if (finding.cycle.empty()) return false;  // a misuse is no reason to hang
    bool is = false;
    for (const auto* steps : {&finding.cycle, &finding.involved, &finding.queued}) {
      for (const ReportStep& step : *steps) {
        const int32_t tid = TidOf(step.thread);
        is |= tids_.count(tid) > 0;
        untold_.erase(tid);
      }
    }
    return is;
  }

  std::string Text(Finding finding) const {
    const size_t shown = finding.cycle.size() + finding.involved.size();
    const size_t room = kMostShown > shown ? kMostShown - shown : 0;
    const size_t folded = finding.queued.size() > room ? finding.queued.size() - room : 0;
    finding.queued.resize(finding.queued.size() - folded);
    TextOptions options;
    options.verbose = shown <= kMostShown;
    const std::string text = RenderFinding(*builder_.report(), finding, options);
    return folded == 0 ? text : text + More(folded, "queued behind");
  }

  std::string TextOfOthers() {
    std::string text;
    size_t shown = 0;
    for (const int32_t tid : untold_) {
      if (shown++ < kMostShown) text += TextOfThread(tid);
    }
    if (shown > kMostShown) text += More(shown - kMostShown, "that hang");
    return text;
  }

  std::string TextOfThread(int32_t tid) {
    const auto recorded = std::find_if(
        snapshot_.threads.begin(), snapshot_.threads.end(),
        [tid](const Thread& t) { return t.tid == tid && t.state != ThreadState::kEnded; });
    const KernelThread kernel = DescribeThread(tid);
    const bool is_recorded = recorded != snapshot_.threads.end();
    const bool is_named = is_recorded && recorded->name != 0;
    const std::string& name = is_named ? snapshot_.names[recorded->name] : kernel.name;
    std::string doing = kernel.state == 'R' ? "runs" : "sleeps in a system call";
    if (is_recorded && recorded->wait) doing = TextOfWait(*recorded->wait);
    if (kernel.name.empty()) return "  tid " + std::to_string(tid) + " was late, and has ended\n";
    return "  " + EscapeForTerminal(name) + " (tid " + std::to_string(tid) + ") " +
           EscapeForTerminal(doing) + "\n" + TextOfStack(StackOf(tid));
  }

  std::string NameOf(const Thread& thread) const {
    if (thread.name != 0) return snapshot_.names[thread.name];
    return thread.tid == getpid() ? "main" : "thread #" + std::to_string(thread.id);
  }

  std::string TextOfWait(const Wait& wait) const {
    if (wait.resource == kNoResource) return "waits";
    const Resource& resource = snapshot_.resources[wait.resource];
    const std::string kind = ResourceKindName(resource.kind);
    std::string text =
        "waits for " +
        (resource.name == 0 ? "a " + kind : snapshot_.names[resource.name] + " (" + kind + ")");
    std::string holders;
    for (const Hold& hold : snapshot_.holds) {
      if (hold.resource != wait.resource) continue;
      holders += (holders.empty() ? "" : ", ") + NameOf(snapshot_.threads[hold.thread]);
    }
    return text + (holders.empty() ? ", which nobody holds" : ", which " + holders + " holds");
  }

  std::string TextOfStack(const std::vector<uint64_t>& addresses) {
    std::string text;
    size_t shown = 0;
    for (const uint64_t address : addresses) {
      for (const Frame& frame : symbolizer_->Symbolize(address)) {
        if (IsHidden(frame) || shown++ >= kMostFrames) continue;
        const std::string place = frame.file.empty() ? "" : "  " + ShortLocation(frame);
        const std::string function(QualifiedName(frame.function));
        text += "      " + EscapeForTerminal((function.empty() ? "??" : function) + place) + "\n";
      }
    }
    return addresses.empty() ? "      (it does not say where)\n" : text;
  }

  std::set<int32_t> untold_;  // threads that no finding is about, so far
  const std::set<int32_t> tids_;
  const std::unique_ptr<Symbolizer> symbolizer_;
  ReportBuilder builder_;
  Snapshot snapshot_;
};

}  // namespace

HangReport DescribeHang(const std::vector<int32_t>& tids) { return Hang(tids).Describe(); }

}  // namespace detect
