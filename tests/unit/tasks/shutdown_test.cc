#include "libdetect/tasks/shutdown.h"

#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <system_error>
#include <utility>

#include "libdetect/sync/sync.h"
#include "libdetect/tasks/thread_pool.h"
#include "tests/unit/tasks/waiting.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaitingFor;
using ::detect::testing::NamedThread;

// Never waited for in full.
constexpr auto kLong = 10min;

// Submits a task that sleeps until it is interrupted, and returns once it runs.
future<void> RunSleeper(thread_pool& pool) {
  std::latch started(1);
  future<void> sleeper = pool.submit([&started] {
    started.count_down();
    this_thread::sleep_for(kLong);
  });
  started.wait();
  return sleeper;
}

TEST(Shutdown, RunsWhatWasTakenAndRejectsTheRest) {
  thread_pool pool = thread_pool::single();
  std::latch open(1);
  pool.execute([&] { open.wait(); });
  future<int> queued = pool.submit([] { return 1; });

  pool.shutdown();

  EXPECT_TRUE(pool.is_shutdown());
  EXPECT_FALSE(pool.is_terminated());
  EXPECT_THROW((void)pool.submit([] {}), rejected_execution);
  EXPECT_THROW(pool.execute([] {}), rejected_execution);
  EXPECT_THROW((void)pool.schedule(0s, [] {}), rejected_execution);
  open.count_down();
  EXPECT_EQ(queued.get(), 1);
  EXPECT_TRUE(pool.await_termination(kLong));
  EXPECT_TRUE(pool.is_terminated());
}

TEST(Shutdown, HasNoTerminationBeforeIt) {
  thread_pool fixed = thread_pool::fixed(1);
  thread_pool cached = thread_pool::cached();

  EXPECT_FALSE(fixed.is_shutdown());
  EXPECT_FALSE(fixed.await_termination(1ms));
  EXPECT_FALSE(cached.is_terminated());

  cached.shutdown();
  EXPECT_TRUE(cached.is_terminated());
}

TEST(Shutdown, WakesWhoAwaitsTheTermination) {
  thread_pool pool = thread_pool::fixed(2, {.name = "jobs"});
  bool terminated = false;
  thread waiter = NamedThread("waiter", [&] { terminated = pool.await_termination(kLong); });
  AwaitWaitingFor("waiter", "jobs has ended");

  pool.shutdown();
  waiter.join();

  EXPECT_TRUE(terminated);
}

TEST(ShutdownNow, InterruptsWhatRunsAndReturnsWhatDoesNot) {
  thread_pool pool = thread_pool::single();
  future<void> running = RunSleeper(pool);
  future<int> queued = pool.submit([] { return 1; });
  future<int> later = pool.schedule(kLong, [] { return 2; });

  thread_pool::unstarted_tasks unstarted = pool.shutdown_now();

  ASSERT_EQ(unstarted.size(), 2u);
  EXPECT_THROW(running.get(), interrupted);
  EXPECT_TRUE(pool.await_termination(kLong));
  unstarted[0]->Run();
  EXPECT_EQ(queued.get(), 1);
  unstarted.clear();
  EXPECT_THROW(later.get(), future_error);
}

TEST(ShutdownAndAwaitTermination, LeavesTasksTheirTime) {
  thread_pool pool = thread_pool::single();
  future<int> result = pool.submit([] { return 1; });

  EXPECT_TRUE(shutdown_and_await_termination(pool, kLong));

  EXPECT_EQ(result.get(), 1);
}

TEST(ShutdownAndAwaitTermination, InterruptsTasksThatTakeTooLong) {
  thread_pool pool = thread_pool::single();
  future<void> running = RunSleeper(pool);
  future<void> queued = pool.submit([] {});

  EXPECT_TRUE(shutdown_and_await_termination(pool, 300ms));

  EXPECT_THROW(running.get(), interrupted);
  EXPECT_THROW(queued.get(), future_error);
}

TEST(ShutdownAndAwaitTermination, SaysWhenATaskIgnoresIt) {
  thread_pool pool = thread_pool::single();
  std::latch started(1);
  std::latch open(1);
  pool.execute([&] {
    started.count_down();
    open.wait();
  });
  started.wait();

  EXPECT_FALSE(shutdown_and_await_termination(pool, 1ms));

  open.count_down();
  EXPECT_TRUE(pool.await_termination(kLong));
}

TEST(ShutdownAndAwaitTermination, InterruptsTheTasksWhereItIsInterruptedItself) {
  thread_pool pool = thread_pool::single({.name = "jobs"});
  future<void> running = RunSleeper(pool);
  bool was_interrupted = false;
  thread caller = NamedThread("caller", [&] {
    try {
      shutdown_and_await_termination(pool, kLong);
    } catch (const interrupted&) {
      was_interrupted = true;
    }
  });
  AwaitWaitingFor("caller", "jobs has ended");

  caller.interrupt();
  caller.join();

  EXPECT_TRUE(was_interrupted);
  EXPECT_TRUE(pool.await_termination(kLong));
  EXPECT_THROW(running.get(), interrupted);
}

}  // namespace
}  // namespace detect
