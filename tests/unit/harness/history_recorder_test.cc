#include "libdetect/harness/history_recorder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "libdetect/harness/linearizability.h"
#include "libdetect/harness/models/register.h"

namespace detect {
namespace {

using Register = models::Register<int>;

TEST(HistoryRecorder, KeepsWhatWasCalledAndWhatCameBack) {
  HistoryRecorder<Register> recorder(2, 4);

  recorder.Record(1, Register::Write(7), [] { return Register::Done(); });
  recorder.Record(0, Register::Read(), [] { return Register::WasRead(7); });
  const auto history = recorder.Take();

  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].thread, 0u);
  EXPECT_EQ(history[0].output, Register::WasRead(7));
  EXPECT_EQ(history[1].thread, 1u);
  EXPECT_EQ(history[1].input, Register::Write(7));
  EXPECT_LE(history[1].time.returned, history[0].time.invoked);
  EXPECT_LE(history[0].time.invoked, history[0].time.returned);
  EXPECT_TRUE(recorder.Take().empty());
}

TEST(HistoryRecorder, KnowsNoOutcomeOfACallThatThrew) {
  HistoryRecorder<Register> recorder(1, 1);

  EXPECT_THROW(recorder.Record(0, Register::Write(1),
                               []() -> Register::Output { throw std::runtime_error("no"); }),
               std::runtime_error);
  const auto history = recorder.Take();

  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].output, std::nullopt);
  EXPECT_EQ(history[0].time.returned, CallTime::kNever);
}

// With release and acquire alone, a write may wait in its processor's store buffer when it returns;
// only what the recorder adds makes that invisible.
TEST(HistoryRecorder, BlamesNoStoreForTheStoreBuffer) {
  constexpr int kThreads = 2;
  constexpr int kCalls = 20'000;
  std::atomic<int> variable{0};
  HistoryRecorder<Register> recorder(kThreads, kCalls);
  std::atomic<int> started{0};

  std::vector<std::thread> threads;
  for (uint32_t index = 0; index < kThreads; ++index) {
    threads.emplace_back([&, index] {
      ++started;
      while (started.load() < kThreads) std::this_thread::yield();
      for (int i = 0; i < kCalls; i += 2) {
        recorder.Record(index, Register::Write(i * kThreads + static_cast<int>(index)), [&] {
          variable.store(i * kThreads + static_cast<int>(index), std::memory_order_release);
          return Register::Done();
        });
        recorder.Record(index, Register::Read(), [&] {
          return Register::WasRead(variable.load(std::memory_order_acquire));
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  const auto check = CheckHistory(recorder.Take());

  EXPECT_EQ(check.verdict, Linearizability::kYes) << check.why;
}

}  // namespace
}  // namespace detect
