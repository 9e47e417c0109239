// FindingListener makes what the detector finds fail the GoogleTest that it happens in.
//
//   Monitor ──finding──► pending ──end of the test──► ADD_FAILURE_AT(where it happened)
//                           └── Take, TakeOf: by who expected it, or has told it already
//   after each scan: is the test over its time? ──► report, XML, exit code 1
//
// The test that runs when something is found is the one that fails, and the report goes to Bazel's
// undeclared outputs, else beside the XML. A test whose own thread can never go on ends the
// program, with the report as its failure and the XML written: no other test can run in that
// thread.
//
//   DETECT_TEST_TIMEOUT   seconds that one test may take
//   TEST_TIMEOUT          as Bazel sets it: seconds that the program may take, less a margin
//
// Context: tool. Threads: GoogleTest's, but for the monitor's callbacks.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "libdetect/monitor/monitor.h"
#include "libdetect/report/report.h"

namespace detect {

class FindingListener : public ::testing::EmptyTestEventListener {
 public:
  // The program's one. It is added to GoogleTest's listeners, which own it, at the first call.
  static FindingListener& Get();
  ~FindingListener() override;

  // Removes the pending findings of that rule which were not among the first `before` that there
  // ever were. Returns how many that were, after a scan. Threads: the test's.
  size_t Take(const std::string& rule, uint64_t before);
  // Returns how many findings there ever were, after a scan.
  uint64_t FoundSoFar();
  // Removes those about any of these threads, by their kernel's ids.
  void TakeOf(const std::vector<int32_t>& tids);

  // Remembers a seed with which the running test failed: it is then run again, to see how often.
  void SetFailingSeed(uint64_t seed) { failing_seed_ = seed; }

  // Fails the running test, writes the XML, and ends the process with exit code 1. For when the
  // test's thread cannot go on. Threads: any.
  [[noreturn]] void EndProcess(const std::string& why);

  void OnTestProgramStart(const ::testing::UnitTest& program) override;
  void OnTestStart(const ::testing::TestInfo& test) override;
  void OnTestEnd(const ::testing::TestInfo& test) override;
  void OnTestIterationEnd(const ::testing::UnitTest& program, int iteration) override;
  void OnTestProgramEnd(const ::testing::UnitTest& program) override;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Pending {
    uint64_t number = 0;  // 0 is the first that was ever found
    std::string rule;
    std::string text;
    std::string file;  // where it happened; empty where that is not known
    int line = 0;
    std::vector<int32_t> tids;
  };

  // Whether this is the process that GoogleTest runs in, and not a child of it.
  bool IsWatching() const;
  void Scan();
  void FailForFindings(const char* file, int line);

  // On the monitor's thread, or that of ScanNow.
  void Found(const Finding& finding, const Report& report);
  void EndIfLate();

  // Constant once the program has started.
  int32_t pid_ = 0;
  std::string report_path_;  // empty: nowhere
  FailOn fail_on_ = FailOn::kPossible;
  bool may_end_process_ = true;  // a deadlock is not resolved by a victim
  std::optional<Time> program_deadline_;

  // The test thread's.
  std::unique_ptr<Monitor> monitor_;
  std::optional<uint64_t> failing_seed_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Pending> pending_;
  uint64_t found_ = 0;
  int32_t test_tid_ = 0;  // of the thread that the test runs in; 0: none runs
  Time test_started_;
  std::optional<Time> deadline_;
};

}  // namespace detect
