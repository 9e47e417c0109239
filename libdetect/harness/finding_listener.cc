#include "libdetect/harness/finding_listener.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <utility>

#include "libdetect/base/raw_log.h"
#include "libdetect/harness/hang_report.h"
#include "libdetect/harness/process_threads.h"
#include "libdetect/harness/rerun.h"
#include "libdetect/report/json.h"
#include "libdetect/report/text_view.h"
#include "libdetect/report/visible_frames.h"
#include "libdetect/report/write_file.h"

namespace detect {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

// Of TEST_TIMEOUT: what writing a report may take before Bazel ends the program.
constexpr double kMarginShare = 0.1;
constexpr double kMostMargin = 10;  // seconds

// A scan takes microseconds, reading the debug information for the first finding a second.
constexpr std::chrono::seconds kScanTime{30};

// Returns the seconds that an environment variable says; nothing where it is not set.
std::optional<double> SecondsOf(const char* variable) {
  const char* text = getenv(variable);
  if (text == nullptr || *text == '\0') return std::nullopt;
  char* end = nullptr;
  const double seconds = strtod(text, &end);
  if (*end == '\0' && seconds > 0) return seconds;
  RawLog(RawLine() << variable << " is not a number of seconds above 0: it is ignored");
  return std::nullopt;
}

steady_clock::time_point After(steady_clock::time_point start, double seconds) {
  return start + std::chrono::duration_cast<steady_clock::duration>(duration<double>(seconds));
}

std::string ProgramName() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).filename();
}

// Returns where the report goes; empty: nowhere.
std::string ReportPath() {
  namespace fs = std::filesystem;
  const fs::path name = ProgramName() + ".detect.json";
  if (const char* outputs = getenv("TEST_UNDECLARED_OUTPUTS_DIR")) return fs::path(outputs) / name;
  const std::string output = GTEST_FLAG_GET(output);  // "xml:PATH", XML_OUTPUT_FILE's included
  const size_t colon = output.find(':');
  if (colon == output.npos) return "";
  return fs::path(output.substr(colon + 1)).parent_path() / name;
}

std::vector<int32_t> TidsOf(const Finding& finding, const Report& report) {
  std::vector<int32_t> tids;
  for (const auto* steps : {&finding.cycle, &finding.involved, &finding.queued}) {
    for (const ReportStep& step : *steps) {
      for (const ReportThread& thread : report.threads) {
        if (thread.id == step.thread) tids.push_back(thread.tid);
      }
    }
  }
  return tids;
}

bool Contains(const std::vector<int32_t>& tids, int32_t tid) {
  return std::find(tids.begin(), tids.end(), tid) != tids.end();
}

const Frame* PlaceOf(const Finding& finding) {
  const std::vector<ReportStep>& steps = finding.cycle.empty() ? finding.involved : finding.cycle;
  const Frame* frame = steps.empty() ? nullptr : FirstVisibleFrame(steps.front().stack);
  return frame == nullptr || frame->file.empty() ? nullptr : frame;
}

}  // namespace

FindingListener& FindingListener::Get() {
  static FindingListener& listener = []() -> FindingListener& {
    auto* made = new FindingListener;
    ::testing::UnitTest::GetInstance()->listeners().Append(made);
    return *made;
  }();
  return listener;
}

// A child that a death test has forked has no monitor thread, but maybe a lock that it held.
FindingListener::~FindingListener() {
  if (pid_ != getpid()) static_cast<void>(monitor_.release());
}

bool FindingListener::IsWatching() const { return monitor_ != nullptr && pid_ == getpid(); }

void FindingListener::OnTestProgramStart(const ::testing::UnitTest&) {
  Monitor::Options options = Monitor::OptionsFromEnvironment();
  Options set;
  SetOptionsFromEnvironment(set);
  pid_ = getpid();
  report_path_ = options.output.empty() ? ReportPath() : options.output;
  fail_on_ = set.fail_on;
  may_end_process_ = options.on_deadlock == OnDeadlock::kReport;
  if (const std::optional<double> seconds = SecondsOf("TEST_TIMEOUT")) {
    const double margin = std::min(*seconds * kMarginShare, kMostMargin);
    program_deadline_ = After(steady_clock::now(), *seconds - margin);
  }
  options.output.clear();  // written where there is something in it
  options.callback = [this](const Finding& finding, const Report& report) {
    Found(finding, report);
  };
  options.after_scan = [this] { EndIfLate(); };
  monitor_ = std::make_unique<Monitor>(options);
}

void FindingListener::OnTestProgramEnd(const ::testing::UnitTest&) {
  if (IsWatching()) monitor_.reset();
}

void FindingListener::OnTestStart(const ::testing::TestInfo&) {
  failing_seed_.reset();
  const std::lock_guard hold(mutex_);
  test_tid_ = gettid();
  test_started_ = steady_clock::now();
  deadline_ = program_deadline_;
  if (const std::optional<double> seconds = SecondsOf("DETECT_TEST_TIMEOUT")) {
    const Time own = After(test_started_, *seconds);
    deadline_ = deadline_ ? std::min(*deadline_, own) : own;
  }
}

void FindingListener::OnTestEnd(const ::testing::TestInfo& test) {
  if (IsWatching()) FailForFindings(test.file(), test.line());
  {
    const std::lock_guard hold(mutex_);
    test_tid_ = 0;
  }
  if (!failing_seed_ || !test.result()->Failed() || !MayRunAgain()) return;
  const std::string again = RunAgain(test, *failing_seed_);
  ::testing::Test::RecordProperty("detect_reruns", again);
  std::printf("[ CONTENDED] with seed %s: %s\n", std::to_string(*failing_seed_).c_str(),
              again.c_str());
}

// What was found outside of any test.
void FindingListener::OnTestIterationEnd(const ::testing::UnitTest&, int) {
  if (IsWatching()) FailForFindings(__FILE__, 0);
}

void FindingListener::FailForFindings(const char* file, int line) {
  Scan();
  std::vector<Pending> findings;
  {
    const std::lock_guard hold(mutex_);
    findings.swap(pending_);
  }
  for (const Pending& finding : findings) {
    const bool has_place = !finding.file.empty();
    ADD_FAILURE_AT(has_place ? finding.file.c_str() : file, has_place ? finding.line : line)
        << finding.text;
  }
}

// On the monitor's own thread, which may be about to tell of something that it has found before.
void FindingListener::Scan() { monitor_->FinishWithin(kScanTime); }

uint64_t FindingListener::FoundSoFar() {
  if (IsWatching()) Scan();
  const std::lock_guard hold(mutex_);
  return found_;
}

size_t FindingListener::Take(const std::string& rule, uint64_t before) {
  if (IsWatching()) Scan();
  const std::lock_guard hold(mutex_);
  return std::erase_if(pending_, [&](const Pending& finding) {
    return finding.number >= before && finding.rule == rule;
  });
}

void FindingListener::TakeOf(const std::vector<int32_t>& tids) {
  if (IsWatching()) Scan();
  const std::lock_guard hold(mutex_);
  std::erase_if(pending_, [&](const Pending& finding) {
    return std::any_of(finding.tids.begin(), finding.tids.end(),
                       [&](int32_t tid) { return Contains(tids, tid); });
  });
}

void FindingListener::Found(const Finding& finding, const Report& report) {
  // Temporary ones end by themselves; the order of the first four is Verdict's.
  if (static_cast<int>(finding.verdict) > static_cast<int>(fail_on_)) return;
  TextOptions options;
  if (!report_path_.empty() && WriteReportFile(report_path_, ToJson(report)).empty()) {
    options.report_path = report_path_;
  }
  Pending found{.rule = finding.rule,
                .text = RenderFinding(report, finding, options),
                .file = "",
                .tids = TidsOf(finding, report)};
  if (const Frame* place = PlaceOf(finding)) {
    found.file = place->file;
    found.line = place->line;
  }
  std::unique_lock hold(mutex_);
  const bool is_stuck =
      may_end_process_ && IsProvenDeadlock(finding) && Contains(found.tids, test_tid_);
  found.number = found_++;
  const std::string text = found.text;
  pending_.push_back(std::move(found));
  hold.unlock();
  if (is_stuck) EndProcess("the test can never end\n" + text);
}

void FindingListener::EndIfLate() {
  std::unique_lock hold(mutex_);
  const Time now = steady_clock::now();
  if (test_tid_ == 0 || !deadline_ || now < *deadline_) return;
  const double seconds = duration<double>(now - test_started_).count();
  hold.unlock();
  std::vector<int32_t> others = ProcessThreads();
  std::erase(others, gettid());
  char text[64];
  std::snprintf(text, sizeof(text), "the test has run for %.1f s, and may not run on\n", seconds);
  EndProcess(text + DescribeHang(others).text);
}

void FindingListener::EndProcess(const std::string& why) {
  const ::testing::UnitTest& program = *::testing::UnitTest::GetInstance();
  const ::testing::TestInfo* test = program.current_test_info();
  if (!IsWatching() || test == nullptr) {
    RawLog(why);
    _exit(1);
  }
  // In a thread whose assertions nobody catches: this one may be inside an operation.
  std::thread([&] { ADD_FAILURE_AT(test->file(), test->line()) << why; }).join();
  ::testing::TestEventListeners& listeners = ::testing::UnitTest::GetInstance()->listeners();
  if (::testing::TestEventListener* xml = listeners.default_xml_generator()) {
    xml->OnTestIterationEnd(program, 0);
  }
  std::printf("[  FAILED  ] %s.%s; the tests after it were not run\n", test->test_suite_name(),
              test->name());
  std::fflush(nullptr);
  _exit(1);
}

}  // namespace detect
