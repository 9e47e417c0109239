#include "libdetect/tasks/thread_pool.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "libdetect/sync/sync.h"
#include "tests/unit/tasks/waiting.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaitingForA;
using ::detect::testing::CountMisuses;
using ::detect::testing::DetailsOf;
using ::detect::testing::HoldCount;
using ::detect::testing::NamedThread;
using ::detect::testing::NameOf;
using ::detect::testing::OwnSlot;
using ::detect::testing::RecordedName;

// Never waited for in full.
constexpr auto kLong = 10min;

// Keeps the workers of a pool busy until it is opened, or ends.
class Gate {
 public:
  ~Gate() { Open(); }
  // Returns a task that says when it has started and then waits.
  auto Task() {
    return [this] {
      started_.count_down();
      open_.wait();
    };
  }
  void AwaitTask() { started_.wait(); }
  void Open() {
    if (!open_.try_wait()) open_.count_down();
  }

 private:
  std::latch started_{1};
  std::latch open_{1};
};

// Waits until somebody interrupts the calling thread.
void WaitToBeInterrupted() { promise<void>().get_future().share().wait_for(kLong); }

TEST(ThreadPool, GivesWhatATaskReturns) {
  thread_pool pool = thread_pool::fixed(2);
  int number = 1;

  future<int> value = pool.submit([](int a, int b) { return a + b; }, 2, 3);
  future<int&> reference = pool.submit([&]() -> int& { return number; });
  future<void> nothing = pool.submit([] {});
  future<std::unique_ptr<int>> moved =
      pool.submit([](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(7));

  EXPECT_EQ(value.get(), 5);
  reference.get() = 6;
  EXPECT_EQ(number, 6);
  nothing.get();
  EXPECT_EQ(*moved.get(), 7);
}

TEST(ThreadPool, GivesWhatATaskThrowsAndGoesOn) {
  thread_pool pool = thread_pool::single();

  future<int> failed = pool.submit([]() -> int { throw std::runtime_error("no"); });
  future<int> next = pool.submit([] { return 1; });

  EXPECT_THROW(failed.get(), std::runtime_error);
  EXPECT_EQ(next.get(), 1);
}

TEST(ThreadPool, NamesItsThreads) {
  thread_pool pool = thread_pool::single({.name = "jobs"});

  future<std::string> name = pool.submit([] { return testing::NameOf(OwnSlot().name); });

  EXPECT_EQ(name.get(), "jobs-1");
  EXPECT_EQ(pool.name(), "jobs");
}

TEST(ThreadPool, HasDaemonThreadsOnlyWhereAsked) {
  const auto is_daemon = [] { return OwnSlot().daemon.load() == 1; };
  thread_pool usual = thread_pool::single();
  thread_pool daemon = thread_pool::single({.daemon = true});

  EXPECT_FALSE(usual.submit(is_daemon).get());
  EXPECT_TRUE(daemon.submit(is_daemon).get());
}

TEST(ThreadPool, RunsTasksInTheOrderInWhichTheyCameOnOneThread) {
  thread_pool pool = thread_pool::single();
  std::vector<int> order;

  for (int i = 0; i < 100; ++i) pool.execute([&order, i] { order.push_back(i); });
  pool.submit([] {}).get();

  std::vector<int> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
}

TEST(ThreadPool, RunsAsManyTasksAtOnceAsItHasThreads) {
  thread_pool pool = thread_pool::fixed(3);
  std::latch meeting(3);

  std::vector<std::function<void()>> tasks(3, [&] { meeting.arrive_and_wait(); });
  pool.invoke_all(tasks);

  EXPECT_EQ(pool.size(), 3u);
}

TEST(ThreadPool, RefusesToHaveNoThreads) {
  EXPECT_THROW((void)thread_pool::fixed(0), std::invalid_argument);
}

TEST(ThreadPool, GrowsWithItsTasksWhereItIsCached) {
  thread_pool pool = thread_pool::cached();
  std::latch meeting(5);
  EXPECT_EQ(pool.size(), 0u);

  std::vector<std::function<void()>> tasks(5, [&] { meeting.arrive_and_wait(); });
  pool.invoke_all(tasks);

  EXPECT_EQ(pool.size(), 5u);
}

TEST(ThreadPool, UsesAnIdleThreadAgainWhereItIsCached) {
  thread_pool pool = thread_pool::cached({.name = "cached"});

  for (int i = 0; i < 10; ++i) {
    pool.submit([] {}).get();
    testing::AwaitWaitingFor("cached-1", "cached has work");
  }

  EXPECT_EQ(pool.size(), 1u);
}

TEST(ThreadPool, EndsIdleThreadsAfterTheirKeepAliveWhereItIsCached) {
  thread_pool pool = thread_pool::cached({.keep_alive = 1ms});

  for (int i = 0; i < 3; ++i) {
    pool.submit([] {}).get();
    while (pool.size() > 0) sched_yield();
  }

  EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);
}

TEST(ThreadPool, RunsEachTaskOfManyProducersOnce) {
  for (const bool is_cached : {false, true}) {
    constexpr int kProducers = 4;
    constexpr int kTasks = 500;
    std::atomic<int> runs = 0;
    {
      thread_pool pool =
          is_cached ? thread_pool::cached({.keep_alive = 1us}) : thread_pool::fixed(3);
      std::vector<thread> producers;
      for (int i = 0; i < kProducers; ++i) {
        producers.emplace_back([&] {
          for (int task = 0; task < kTasks; ++task) pool.execute([&runs] { ++runs; });
        });
      }
      for (thread& producer : producers) producer.join();
    }
    EXPECT_EQ(runs, kProducers * kTasks);
  }
}

TEST(ThreadPool, RunsOutItsTasksBeforeItEnds) {
  int runs = 0;
  {
    thread_pool pool = thread_pool::single();
    for (int i = 0; i < 50; ++i) pool.execute([&runs] { ++runs; });
  }
  EXPECT_EQ(runs, 50);
}

TEST(ThreadPool, InvokesAllAndWaitsForThem) {
  thread_pool pool = thread_pool::fixed(2);
  std::vector<std::function<int()>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back([i] { return i * i; });
  tasks.push_back([]() -> int { throw std::runtime_error("no"); });

  std::vector<future<int>> results = pool.invoke_all(tasks);

  ASSERT_EQ(results.size(), 11u);
  for (const future<int>& result : results) {
    EXPECT_EQ(result.wait_for(0s), future_status::ready);
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(results[i].get(), i * i);
  EXPECT_THROW(results[10].get(), std::runtime_error);
}

TEST(ThreadPool, CancelsWhatIsNotDoneInTimeWhenItInvokesAll) {
  thread_pool pool = thread_pool::fixed(2);
  const std::vector<std::function<void()>> endless(3, WaitToBeInterrupted);
  const std::vector<std::function<void()>> short_ones(3, [] {});

  std::vector<future<void>> cancelled = pool.invoke_all(endless, 5ms);
  std::vector<future<void>> done = pool.invoke_all(short_ones, kLong);

  for (future<void>& result : cancelled) EXPECT_THROW(result.get(), task_cancelled);
  for (future<void>& result : done) EXPECT_NO_THROW(result.get());
}

TEST(ThreadPool, CancelsWhatItInvokedWhereTheWaitIsInterrupted) {
  thread_pool pool = thread_pool::single({.name = "jobs"});
  bool was_interrupted = false;
  thread caller = NamedThread("caller", [&] {
    try {
      pool.invoke_all(std::vector<std::function<void()>>(2, WaitToBeInterrupted));
    } catch (const interrupted&) {
      was_interrupted = true;
    }
  });
  AwaitWaitingForA(ResourceKind::kFuture, "caller");

  caller.interrupt();
  caller.join();

  EXPECT_TRUE(was_interrupted);
  pool.submit([] {}).get();
}

TEST(ThreadPool, DoesNotRunATaskThatWasCancelledInTheQueue) {
  thread_pool pool = thread_pool::single();
  Gate gate;
  pool.execute(gate.Task());
  bool ran = false;
  future<void> queued = pool.submit([&] { ran = true; });

  EXPECT_TRUE(queued.cancel());
  EXPECT_FALSE(queued.cancel());

  EXPECT_THROW(queued.get(), task_cancelled);
  gate.Open();
  pool.submit([] {}).get();
  EXPECT_FALSE(ran);
}

TEST(ThreadPool, InterruptsATaskThatIsCancelledWhileItRuns) {
  thread_pool pool = thread_pool::single({.name = "jobs"});
  bool was_interrupted = false;
  future<void> running = pool.submit([&] {
    try {
      WaitToBeInterrupted();
    } catch (const interrupted&) {
      was_interrupted = true;
      throw;
    }
  });
  AwaitWaitingForA(ResourceKind::kFuture, "jobs-1");

  EXPECT_TRUE(running.cancel());

  EXPECT_THROW(running.get(), task_cancelled);
  // The next task is not interrupted by what was meant for this one.
  EXPECT_FALSE(pool.submit([] { return this_thread::is_interrupted(); }).get());
  EXPECT_TRUE(was_interrupted);
}

TEST(ThreadPool, DoesNotInterruptTheTaskAfterOneThatTookNoNotice) {
  thread_pool pool = thread_pool::single();
  Gate gate;
  future<void> running = pool.submit(gate.Task());
  gate.AwaitTask();

  EXPECT_TRUE(running.cancel());
  gate.Open();

  EXPECT_FALSE(pool.submit([] { return this_thread::is_interrupted(); }).get());
}

TEST(ThreadPool, StopsATaskByItsToken) {
  thread_pool pool = thread_pool::single();
  std::latch started(1);
  std::latch stopped(1);
  future<void> running = pool.submit(
      [&](std::stop_token token, int) {
        std::stop_callback on_stop(token, [&] { stopped.count_down(); });
        started.count_down();
        stopped.wait();
      },
      0);
  started.wait();

  EXPECT_TRUE(running.cancel());

  EXPECT_THROW(running.get(), task_cancelled);
  stopped.wait();
}

TEST(ThreadPool, CannotCancelWhatIsDone) {
  thread_pool pool = thread_pool::single();
  future<int> done = pool.submit([] { return 1; });
  done.wait();

  EXPECT_FALSE(done.cancel());

  EXPECT_EQ(done.get(), 1);
}

TEST(ThreadPool, LetsATaskThatWasExecutedEndByAnInterruption) {
  thread_pool pool = thread_pool::single();

  pool.execute([] { throw interrupted(); });

  EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);
}

TEST(ThreadPool, RunsATaskThatHoldsTheLastReferenceToIt) {
  thread_pool pool = thread_pool::single();
  auto owned = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = owned;

  pool.execute([owned = std::move(owned)] { ++*owned; });
  pool.submit([] {}).get();

  EXPECT_TRUE(watch.expired());
}

TEST(ThreadPool, HasItsThreadsAsMembersWhereTheirNumberIsFixed) {
  thread_pool fixed = thread_pool::fixed(1, {.name = "fixed"});
  thread_pool cached = thread_pool::cached({.name = "cached"});
  const auto memberships = [] {
    int count = 0;
    for (uint32_t i = 0; i < OwnSlot().depth; ++i) {
      if (DetailsOf(OwnSlot().holds[i]).kind == ResourceKind::kPool) ++count;
    }
    return count;
  };

  EXPECT_EQ(RecordedName(&fixed), "fixed");
  EXPECT_EQ(fixed.submit([&] { return HoldCount(OwnSlot(), &fixed); }).get(), 1);
  EXPECT_EQ(fixed.submit(memberships).get(), 1);
  EXPECT_EQ(cached.submit(memberships).get(), 0);
}

TEST(ThreadPool, IsSaidToRunWhatWaitersWaitFor) {
  thread_pool pool = thread_pool::single({.name = "jobs"});
  Gate gate;
  pool.execute(gate.Task());
  future<const recorder::ThreadSlot*> queued = pool.submit([] { return &OwnSlot(); });
  const recorder::ThreadSlot* worker = nullptr;
  thread waiter = NamedThread("waiter", [&] { worker = queued.get(); });

  const recorder::ThreadSlot& slot = AwaitWaitingForA(ResourceKind::kFuture, "waiter");

  EXPECT_EQ(slot.wait.pool, recorder::AddressOf(&pool));
  gate.Open();
  waiter.join();
  EXPECT_EQ(NameOf(worker->name), "jobs-1");
}

TEST(ThreadPool, OwnsTheFutureOfATaskWhileItRuns) {
  thread_pool pool = thread_pool::single();
  const auto futures_owned = [] {
    int count = 0;
    for (uint32_t i = 0; i < OwnSlot().depth; ++i) {
      if (DetailsOf(OwnSlot().holds[i]).kind == ResourceKind::kFuture) ++count;
    }
    return count;
  };

  EXPECT_EQ(pool.submit(futures_owned).get(), 1);
  EXPECT_EQ(pool.submit(futures_owned).get(), 1);
}

TEST(ThreadPool, ReportsALockThatATaskLeavesBehind) {
  thread_pool pool = thread_pool::single();
  mutex left;
  const int before = CountMisuses(Misuse::kHeldAtExit);

  pool.submit([&] { left.lock(); }).get();

  EXPECT_EQ(CountMisuses(Misuse::kHeldAtExit), before + 1);
  pool.submit([&] { left.unlock(); }).get();
  EXPECT_EQ(CountMisuses(Misuse::kHeldAtExit), before + 1);
}

TEST(ThreadPool, ReportsAThreadLocalValueThatATaskLeavesBehind) {
  thread_pool pool = thread_pool::single();
  thread_local_slot<int> slot;
  const int before = CountMisuses(Misuse::kLeftover);

  const auto tidy = [&] {
    *slot = 1;
    slot.reset();
  };
  const auto untidy = [&] { *slot = 2; };

  pool.submit(tidy).get();
  EXPECT_EQ(CountMisuses(Misuse::kLeftover), before);
  pool.submit(untidy).get();
  EXPECT_EQ(CountMisuses(Misuse::kLeftover), before + 1);
  pool.submit([] {}).get();
  EXPECT_EQ(CountMisuses(Misuse::kLeftover), before + 1);
}

}  // namespace
}  // namespace detect
