#include "libdetect/monitor/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <system_error>
#include <thread>

#include "libdetect/sync/sync.h"

namespace detect {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// Two threads that take two locks in opposite orders and wait for each other until one of them is
// made to give up, or for ever: both are daemons, and what they use is never destroyed.
struct Deadlock2 {
  mutex& accounts = *new mutex("accounts");
  mutex& audit = *new mutex("audit");
  std::latch& both = *new std::latch(2);

  void Start() {
    auto take = [this](mutex& first, mutex& second) {
      try {
        std::lock_guard<mutex> outer(first);
        both.arrive_and_wait();
        std::lock_guard<mutex> inner(second);
      } catch (const std::system_error&) {
      }
    };
    thread(thread_options{.name = "writer", .daemon = true}, take, std::ref(accounts),
           std::ref(audit));
    thread(thread_options{.name = "auditor", .daemon = true}, take, std::ref(audit),
           std::ref(accounts));
  }
};

std::vector<DeadlockedThread> AwaitDeadlock() {
  std::vector<DeadlockedThread> threads;
  while ((threads = FindDeadlockedThreads()).empty()) std::this_thread::yield();
  return threads;
}

TEST(FindDeadlockedThreads, IsEmptyWhereThreadsOnlyQueue) {
  mutex busy("busy");
  std::unique_lock<mutex> hold(busy);
  std::atomic<bool> started{false};
  thread waiter(thread_options{.name = "waiter"}, [&] {
    started = true;
    std::lock_guard<mutex> wait(busy);
  });
  while (!started) std::this_thread::yield();

  EXPECT_THAT(FindDeadlockedThreads(), IsEmpty());

  hold.unlock();
  waiter.join();
}

TEST(FindDeadlockedThreads, TellsWhoWaitsForWhatAndWhoHoldsIt) {
  (new Deadlock2)->Start();

  std::vector<DeadlockedThread> threads = AwaitDeadlock();

  EXPECT_THAT(threads, UnorderedElementsAre(AllOf(Field(&DeadlockedThread::name, "writer"),
                                                  Field(&DeadlockedThread::waits_for, "audit"),
                                                  Field(&DeadlockedThread::held_by, "auditor")),
                                            AllOf(Field(&DeadlockedThread::name, "auditor"),
                                                  Field(&DeadlockedThread::waits_for, "accounts"),
                                                  Field(&DeadlockedThread::held_by, "writer"))));
  EXPECT_THAT(threads, Each(AllOf(Field(&DeadlockedThread::waits_at, ::testing::Not(IsEmpty())),
                                  Field(&DeadlockedThread::holder_at, ::testing::Not(IsEmpty())))));
}

TEST(Monitor, CallsBackOnceForEachDeadlock) {
  std::atomic<int> calls{0};
  Monitor::Options options;
  options.interval = std::chrono::milliseconds(1);
  options.callback = [&](const Finding& finding, const Report&) {
    EXPECT_EQ(finding.verdict, Verdict::kProven);
    ++calls;
    calls.notify_one();
  };
  // What an earlier test left behind is found first.
  AwaitDeadlock();
  Monitor monitor(options);
  calls.wait(0);
  for (int i = 0; i < 20; ++i) monitor.ScanNow();

  EXPECT_EQ(calls, static_cast<int>(monitor.report().findings.size()));
}

TEST(Monitor, MakesOneLockOfTheCycleThrow) {
  mutex& first = *new mutex("first");
  mutex& second = *new mutex("second");
  std::latch both(2);
  std::atomic<int> thrown{0};
  std::atomic<int> done{0};
  auto take = [&](mutex& outer, mutex& inner) {
    try {
      std::lock_guard<mutex> hold(outer);
      both.arrive_and_wait();
      std::lock_guard<mutex> want(inner);
      ++done;
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::resource_deadlock_would_occur);
      ++thrown;
    }
  };
  Monitor::Options options;
  options.on_deadlock = OnDeadlock::kVictim;
  options.callback = [](const Finding&, const Report&) {};
  Monitor monitor(options);

  thread a(take, std::ref(first), std::ref(second));
  thread b(take, std::ref(second), std::ref(first));
  a.join();
  b.join();

  EXPECT_EQ(thrown, 1);
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace detect
