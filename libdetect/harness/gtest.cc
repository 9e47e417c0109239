#include "libdetect/harness/gtest.h"

#include <gtest/gtest-spi.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "libdetect/harness/finding_listener.h"
#include "libdetect/harness/rerun.h"
#include "libdetect/harness/test_framework.h"

namespace detect {
namespace {

constexpr std::chrono::seconds kFindingTime{10};

class GoogleTestScope : public AssertionScope {
 public:
  GoogleTestScope() : reporter_(Reporter::INTERCEPT_ONLY_CURRENT_THREAD, results_.get()) {}

  void Take(std::vector<ContendedFailure>& failures) override {
    for (; taken_ < results_->size(); ++taken_) {
      const ::testing::TestPartResult& result = results_->GetTestPartResult(taken_);
      if (!result.failed()) continue;
      failures.push_back({.what = result.message(),
                          .file = result.file_name() == nullptr ? "" : result.file_name(),
                          .line = result.line_number(),
                          .fatal = result.fatally_failed()});
    }
  }

 private:
  using Reporter = ::testing::ScopedFakeTestPartResultReporter;

  // On the heap: it has no copies, and the reporter no default.
  const std::unique_ptr<::testing::TestPartResultArray> results_ =
      std::make_unique<::testing::TestPartResultArray>();
  int taken_ = 0;
  Reporter reporter_;
};

// Before main, in whatever program this is linked into.
const bool g_installed = [] {
  FindingListener::Get();
  SetTestFramework(
      {.catch_assertions = []() -> std::unique_ptr<AssertionScope> {
         return std::make_unique<GoogleTestScope>();
       },
       .on_exit = [](const std::string& what) { FindingListener::Get().EndProcess(what); }});
  return true;
}();

void FailFatally(const char* file, int line, const std::string& text) {
  GTEST_FAIL_AT(file, line) << text;
}

ContendedResult RunAndReport(const char* file, int line, bool fatally, ContendedOperation operation,
                             ContendedOptions options) {
  ContendedResult result = RunContended(std::move(operation), std::move(options));
  if (!result.left_behind.empty()) FindingListener::Get().TakeOf(result.left_behind);
  std::printf("[ CONTENDED] %s\n", result.Summary().c_str());
  std::string again;
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  if (!result.ok() && test != nullptr) {
    FindingListener::Get().SetFailingSeed(result.FailingSeed());
    again = "\nAgain: " + CommandToRunAgain(*test, result.FailingSeed());
  }
  for (const ContendedFailure& failure : result.failures) {
    const bool has_place = !failure.file.empty();
    const char* at_file = has_place ? failure.file.c_str() : file;
    const int at_line = has_place ? failure.line : line;
    const std::string text = result.Describe(failure) + again;
    if (fatally) {
      FailFatally(at_file, at_line, text);
    } else {
      ADD_FAILURE_AT(at_file, at_line) << text;
    }
    again.clear();
  }
  return result;
}

// Calls the options' own hook, then the fixture's.
std::function<void()> Then(std::function<void()> first, std::function<void()> second) {
  return [first = std::move(first), second = std::move(second)] {
    if (first) first();
    second();
  };
}

}  // namespace

ContendedResult ExpectContended(const char* file, int line, ContendedOperation operation,
                                ContendedOptions options) {
  return RunAndReport(file, line, false, std::move(operation), std::move(options));
}

ContendedResult AssertContended(ContendedOperation operation, ContendedOptions options,
                                const char* file, int line) {
  return RunAndReport(file, line, true, std::move(operation), std::move(options));
}

void ExpectFinding(const char* file, int line, const std::string& rule,
                   const std::function<void()>& statement) {
  FindingListener& listener = FindingListener::Get();
  const uint64_t before = listener.FoundSoFar();
  statement();
  const auto deadline = std::chrono::steady_clock::now() + kFindingTime;
  while (listener.Take(rule, before) == 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      ADD_FAILURE_AT(file, line) << "expected the detector to find: " << rule;
      return;
    }
    std::this_thread::yield();
  }
}

ContendedResult ThreadSafetyTest::AssertContended(ContendedOperation operation,
                                                  ContendedOptions options, const char* file,
                                                  int line) {
  options.set_up = Then(std::move(options.set_up), [this] { SetUpRound(); });
  options.tear_down = Then(std::move(options.tear_down), [this] { TearDownRound(); });
  options.invariants.push_back({"the fixture's invariants hold", [this] {
                                  CheckInvariants();
                                  return true;
                                }});
  return detect::AssertContended(std::move(operation), std::move(options), file, line);
}

}  // namespace detect
