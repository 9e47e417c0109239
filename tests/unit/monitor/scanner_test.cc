#include "libdetect/monitor/scanner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "libdetect/recorder/events.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/report/report_builder.h"
#include "tests/testing/fake_symbolizer.h"

namespace detect {
namespace {

// A thread that is recorded as waiting for a condition of its own, from when it is made on.
class Waiter {
 public:
  Waiter()
      : thread_([this] {
          recorder::ScopedWait wait(
              recorder::CurrentThread(),
              {.resource = recorder::AddressOf(this), .kind = ResourceKind::kCondition}, {});
          is_recorded_ = true;
          while (!may_sleep_) std::this_thread::yield();
          has_ended_.wait(false);
        }) {
    while (!is_recorded_) std::this_thread::yield();
  }
  ~Waiter() {
    Sleep();
    has_ended_ = true;
    has_ended_.notify_one();
    thread_.join();
  }

  // Until then it is on its way out of the wait, as one that was just notified.
  void Sleep() { may_sleep_ = true; }

 private:
  std::atomic<bool> is_recorded_{false};
  std::atomic<bool> may_sleep_{false};
  std::atomic<bool> has_ended_{false};
  std::thread thread_;
};

TEST(Scanner, SuspectsThatNobodyIsLeftOnlyOnceEachThreadIsAsleep) {
  ASSERT_TRUE(recorder::CurrentRegion() != nullptr || recorder::Start(nullptr));
  const recorder::ScopedBusy this_thread_is_the_detectors;
  Waiter first;
  Waiter second;
  FakeSymbolizer symbolizer;
  ReportBuilder report;
  Scanner scanner(RegionReader::OfThisProcess(), &symbolizer, &report, /*own_threads=*/1);
  first.Sleep();

  for (int i = 0; i < 100; ++i) {
    const Scanner::Result result = scanner.Scan();
    EXPECT_TRUE(result.findings.empty());
    EXPECT_TRUE(result.pending);
  }

  second.Sleep();
  while (scanner.Scan().findings.empty()) std::this_thread::yield();
  EXPECT_EQ(report.report()->findings.at(0).verdict, Verdict::kSuspected);
}

}  // namespace
}  // namespace detect
