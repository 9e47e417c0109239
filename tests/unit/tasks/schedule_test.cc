// Here the time is the point: the delays are a few milliseconds, and nothing is expected to come
// soon, only not too early and in order.
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <latch>
#include <stdexcept>
#include <string>
#include <vector>

#include "libdetect/sync/this_thread.h"
#include "libdetect/tasks/thread_pool.h"
#include "tests/unit/tasks/waiting.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaitingFor;
using Clock = std::chrono::steady_clock;

// Never waited for in full.
constexpr auto kLong = 10min;

// A task for one thread that stops its own repetition at its n-th run, by throwing.
class Runs {
 public:
  explicit Runs(size_t last) : last_(last) {}

  auto Task() {
    return [this] {
      started.push_back(Clock::now());
      if (started.size() == last_) throw std::runtime_error("the last run");
    };
  }

  std::vector<Clock::time_point> started;

 private:
  const size_t last_;
};

TEST(Schedule, RunsATaskOnceItsDelayHasPassed) {
  thread_pool pool = thread_pool::fixed(2);
  const Clock::time_point due = Clock::now() + 5ms;

  future<Clock::time_point> started = pool.schedule(5ms, [] { return Clock::now(); });

  EXPECT_GE(started.get(), due);
}

TEST(Schedule, RunsWhatIsDueFirstFirst) {
  thread_pool pool = thread_pool::single();
  std::string order;
  const auto append = [&order](char name) { order += name; };

  future<void> last = pool.schedule(30ms, append, 'c');
  future<void> second = pool.schedule(15ms, append, 'b');
  future<void> first = pool.schedule(1ms, append, 'a');

  last.get();
  EXPECT_EQ(order, "abc");
  second.get();
  first.get();
}

TEST(Schedule, RunsWhatIsToRunAtOnceWhileOthersWaitForTheirTime) {
  for (const bool is_cached : {false, true}) {
    thread_pool pool = is_cached ? thread_pool::cached() : thread_pool::fixed(2);
    const future<void> later = pool.schedule(kLong, [] {});

    EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);
    EXPECT_EQ(pool.schedule(1ms, [] { return 2; }).get(), 2);

    EXPECT_TRUE(later.cancel());
    pool.shutdown_now();
  }
}

TEST(Schedule, RunsADelayedTaskWhileAllOtherThreadsAreBusyWhereItIsCached) {
  thread_pool pool = thread_pool::cached();
  std::latch open(1);

  pool.schedule(1ms, [&] { open.wait(); }).wait_for(0s);
  future<void> opener = pool.schedule(2ms, [&] { open.count_down(); });

  opener.get();
}

TEST(Schedule, StillRunsADelayedTaskAfterShutdown) {
  thread_pool pool = thread_pool::fixed(2);
  future<int> delayed = pool.schedule(5ms, [] { return 1; });

  pool.shutdown();

  EXPECT_EQ(delayed.get(), 1);
  EXPECT_TRUE(pool.await_termination(kLong));
}

TEST(ScheduleAtFixedRate, NeverRunsBeforeItsTimeAndDoesNotDrift) {
  thread_pool pool = thread_pool::fixed(2);
  Runs runs(8);
  const Clock::time_point start = Clock::now();

  future<void> repeated = pool.schedule_at_fixed_rate(3ms, 2ms, runs.Task());

  EXPECT_THROW(repeated.get(), std::runtime_error);
  ASSERT_EQ(runs.started.size(), 8u);
  for (int i = 0; i < 8; ++i) EXPECT_GE(runs.started[i], start + 3ms + i * 2ms);
}

TEST(ScheduleAtFixedRate, CatchesUpWithRunsThatALongOneHasDelayed) {
  thread_pool pool = thread_pool::fixed(2);
  constexpr auto kPeriod = 20ms;
  Runs runs(10);
  const Clock::time_point end_of_first = Clock::now() + 10 * kPeriod;

  future<void> repeated = pool.schedule_at_fixed_rate(0ms, kPeriod, [&, task = runs.Task()] {
    task();
    this_thread::sleep_until(end_of_first);
  });

  EXPECT_THROW(repeated.get(), std::runtime_error);
  EXPECT_GE(runs.started[1], end_of_first);
  // What drifts has a whole period between any two runs.
  Clock::duration shortest = kLong;
  for (int i = 2; i < 10; ++i) {
    shortest = std::min(shortest, runs.started[i] - runs.started[i - 1]);
  }
  EXPECT_LT(shortest, kPeriod);
}

TEST(ScheduleWithFixedDelay, LeavesTheDelayBetweenTwoRuns) {
  thread_pool pool = thread_pool::fixed(2);
  Runs runs(5);

  future<void> repeated = pool.schedule_with_fixed_delay(0ms, 2ms, runs.Task());

  EXPECT_THROW(repeated.get(), std::runtime_error);
  ASSERT_EQ(runs.started.size(), 5u);
  for (int i = 1; i < 5; ++i) EXPECT_GE(runs.started[i], runs.started[i - 1] + 2ms);
}

TEST(ScheduleRepeatedly, EndsWhenItIsCancelled) {
  for (const bool is_cached : {false, true}) {
    thread_pool pool = is_cached ? thread_pool::cached() : thread_pool::single();
    int runs = 0;
    std::latch third_run(1);
    future<void> repeated = pool.schedule_at_fixed_rate(0ms, 1us, [&] {
      if (++runs == 3) third_run.count_down();
    });
    third_run.wait();

    EXPECT_TRUE(repeated.cancel());

    EXPECT_THROW(repeated.get(), task_cancelled);
    pool.shutdown();
    EXPECT_TRUE(pool.await_termination(kLong));
  }
}

TEST(ScheduleRepeatedly, IsCancelledByShutdown) {
  thread_pool pool = thread_pool::fixed(2, {.name = "jobs"});
  future<void> waits = pool.schedule_with_fixed_delay(kLong, 1s, [] {});
  std::latch started(1);
  std::latch open(1);
  future<void> runs = pool.schedule_at_fixed_rate(0ms, 1s, [&] {
    started.count_down();
    open.wait();
  });
  started.wait();

  pool.shutdown();
  EXPECT_THROW(waits.get(), task_cancelled);
  open.count_down();

  EXPECT_THROW(runs.get(), task_cancelled);
  EXPECT_TRUE(pool.await_termination(kLong));
}

// The thread that sleeps until the far task is due has to learn of each run of the near one.
TEST(ScheduleRepeatedly, GoesOnWhileAnotherTaskWaitsForALaterTime) {
  for (const bool is_cached : {false, true}) {
    thread_pool pool = is_cached ? thread_pool::cached() : thread_pool::fixed(2);
    const future<void> far = pool.schedule(kLong, [] {});
    Runs runs(20);

    future<void> near = pool.schedule_at_fixed_rate(1ms, 1ms, runs.Task());

    EXPECT_THROW(near.get(), std::runtime_error);
    EXPECT_TRUE(far.cancel());
  }
}

TEST(Schedule, DoesNotKeepAPoolFromEndingByATaskThatWasCancelled) {
  thread_pool pool = thread_pool::fixed(2);
  const future<void> cancelled = pool.schedule(kLong, [] {});
  EXPECT_TRUE(cancelled.cancel());

  pool.shutdown();

  EXPECT_TRUE(pool.await_termination(kLong));
}

TEST(ScheduleRepeatedly, NeedsTimeBetweenItsRuns) {
  thread_pool pool = thread_pool::single();

  EXPECT_THROW((void)pool.schedule_at_fixed_rate(0ms, 0ms, [] {}), std::invalid_argument);
  EXPECT_THROW((void)pool.schedule_with_fixed_delay(0ms, -1ms, [] {}), std::invalid_argument);
}

TEST(Schedule, SleepsInOneThreadUntilTheNextTaskIsDue) {
  thread_pool pool = thread_pool::fixed(2, {.name = "pool"});
  const future<void> later = pool.schedule(kLong, [] {});

  const auto waits_for = [](const char* thread) {
    const recorder::ThreadSlot& slot = testing::AwaitWaitingForA(ResourceKind::kCondition, thread);
    return testing::RecordedName(reinterpret_cast<const void*>(slot.wait.resource.load()));
  };
  while (waits_for("pool-1") == waits_for("pool-2")) sched_yield();

  EXPECT_TRUE(later.cancel());
  pool.shutdown_now();
}

}  // namespace
}  // namespace detect
