// That the seam suffices for a scheduler that is in full control: a trivial one, which lets one
// thread run at a time and hands over at each operation, makes the same run of a program each time.
#include "libdetect/base/schedule.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libdetect/sync/sync.h"

namespace detect {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Not;

constexpr uint32_t kThreads = 3;

// One thread has the turn. It goes to the next one at every `steps`-th operation, and whenever its
// thread finds that it would have to sleep.
class RoundRobin final : public Scheduler {
 public:
  using Trace = std::vector<std::pair<uint32_t, OperationKind>>;

  explicit RoundRobin(int steps) : steps_(steps) {}

  void Before(const Operation& operation) override {
    if (!t_index) return;
    trace_.emplace_back(*t_index, operation.kind);
    if (++done_ % steps_ == 0) HandOver();
  }
  Blocking BeforeBlock(bool) override {
    if (!t_index) return Blocking::kSleep;
    ++blocked_;
    HandOver();
    return Blocking::kLookAgain;
  }
  void ThreadStarts(uint32_t index) override {
    std::unique_lock hold(mu_);
    t_index = index;
    ++here_;
    changed_.notify_all();
    changed_.wait(hold, [&] { return here_ == kThreads && turn_ == index; });
  }
  void ThreadEnds() override {
    std::lock_guard hold(mu_);
    has_ended_[*t_index] = true;
    PassOn();
    t_index.reset();
  }

  // Once all have ended.
  const Trace& trace() const { return trace_; }
  int blocked() const { return blocked_; }

 private:
  void HandOver() {
    std::unique_lock hold(mu_);
    PassOn();
    changed_.wait(hold, [this] { return turn_ == *t_index; });
  }
  void PassOn() {
    for (uint32_t i = 0; i < kThreads; ++i) {
      turn_ = (turn_ + 1) % kThreads;
      if (!has_ended_[turn_]) break;
    }
    changed_.notify_all();
  }

  static thread_local std::optional<uint32_t> t_index;

  const int steps_;
  std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  uint32_t here_ = 0;
  uint32_t turn_ = 0;
  bool has_ended_[kThreads] = {};
  // By the thread that has the turn.
  Trace trace_;
  int done_ = 0;
  int blocked_ = 0;
};

thread_local std::optional<uint32_t> RoundRobin::t_index;

void RunThreads(const std::function<void(uint32_t)>& work) {
  std::vector<thread> threads;
  for (uint32_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&work, i] {
      const ScopedTeamThread member(i);
      work(i);
    });
  }
  for (thread& each : threads) each.join();
}

// What a run came to.
struct Outcome {
  RoundRobin::Trace trace;
  std::vector<uint32_t> order;  // of the threads' critical sections
  int blocked = 0;
};

// Locks that are held over other operations, a condition, and threads that wait for each other.
Outcome RunOnce(int steps) {
  Outcome run;
  RoundRobin scheduler(steps);
  {
    ScopedScheduler scoped(&scheduler);
    mutex mu;
    condition_variable changed;
    barrier<> all(kThreads);
    uint32_t next = kThreads;
    RunThreads([&](uint32_t index) {
      for (int i = 0; i < 5; ++i) {
        std::lock_guard hold(mu);
        SchedulePoint();
        run.order.push_back(index);
      }
      all.arrive_and_wait();
      std::unique_lock hold(mu);
      changed.wait(hold, [&] { return next == index + 1; });
      run.order.push_back(index);
      next = index;
      changed.notify_all();
    });
  }
  run.trace = scheduler.trace();
  run.blocked = scheduler.blocked();
  return run;
}

// A counter that two of three threads can find at the same value.
int CountTo(int target, int steps) {
  std::atomic<int> counter{0};
  RoundRobin scheduler(steps);
  ScopedScheduler scoped(&scheduler);
  RunThreads([&](uint32_t) {
    for (int i = 0; i < target; ++i) {
      const int seen = counter.load();
      SchedulePoint();
      counter.store(seen + 1);
    }
  });
  return counter.load();
}

TEST(Schedule, ControlledSchedulerGivesTheSameInterleavingOnEachRun) {
  const Outcome first = RunOnce(2);
  const Outcome second = RunOnce(2);

  EXPECT_EQ(first.trace, second.trace);
  EXPECT_EQ(first.order, second.order);
  EXPECT_EQ(first.blocked, second.blocked);
  EXPECT_GT(first.blocked, 0);  // or it would not show much
}

TEST(Schedule, InterleavingIsTheSchedulersChoice) { EXPECT_NE(RunOnce(2).order, RunOnce(7).order); }

TEST(Schedule, LosesExactlyTheUpdatesThatTheHandOversCost) {
  // All three load, then all three store, again and again.
  EXPECT_EQ(CountTo(10, 1), 10);
  // Nobody is interrupted.
  EXPECT_EQ(CountTo(10, 10'000), 30);
}

// Takes note of what it is asked.
class Notes final : public Scheduler {
 public:
  void Before(const Operation& operation) override {
    operations.push_back(operation);
    // Its own operations are not asked for again.
    std::lock_guard hold(mu_);
  }
  std::vector<OperationKind> Kinds() const {
    std::vector<OperationKind> kinds;
    for (const Operation& each : operations) kinds.push_back(each.kind);
    return kinds;
  }

  std::vector<Operation> operations;

 private:
  mutex mu_;
};

// Returns what `work` asks a scheduler for.
template <typename F>
std::vector<OperationKind> KindsOf(F work) {
  Notes notes;
  ScopedScheduler scoped(&notes);
  work();
  return notes.Kinds();
}

TEST(Schedule, AsksBeforeEachOperationOfALockAndNotForTheSchedulersOwn) {
  timed_mutex mu;
  recursive_mutex again;
  shared_mutex shared;
  using enum OperationKind;

  EXPECT_EQ(KindsOf([&] { std::lock_guard hold(mu); }), (std::vector{kAcquire, kRelease}));
  EXPECT_EQ(KindsOf([&] {
              if (mu.try_lock()) mu.unlock();
              if (mu.try_lock_for(std::chrono::seconds(1))) mu.unlock();
            }),
            (std::vector{kTry, kRelease, kAcquire, kRelease}));
  EXPECT_EQ(KindsOf([&] {
              std::lock_guard outer(again);
              std::lock_guard inner(again);
            }),
            (std::vector{kAcquire, kRelease}));
  EXPECT_EQ(KindsOf([&] { std::shared_lock hold(shared); }), (std::vector{kAcquire, kRelease}));
}

TEST(Schedule, AsksBeforeWhatWaitsAndWhatEndsWaits) {
  latch open(1);
  counting_semaphore<2> permits(1);
  barrier<> alone(1);
  once_flag once;
  instrumented<std::mutex> foreign;
  using enum OperationKind;

  EXPECT_EQ(KindsOf([&] {
              open.count_down();
              open.wait();
            }),
            (std::vector{kSignal, kWait}));
  EXPECT_EQ(KindsOf([&] {
              permits.acquire();
              permits.release();
            }),
            (std::vector{kAcquire, kRelease}));
  EXPECT_EQ(KindsOf([&] { alone.arrive_and_wait(); }), (std::vector{kSignal}));
  EXPECT_EQ(KindsOf([&] { call_once(once, [] {}); }), (std::vector{kAcquire, kRelease}));
  EXPECT_EQ(KindsOf([&] { std::lock_guard hold(foreign); }), (std::vector{kAcquire, kRelease}));
  EXPECT_EQ(KindsOf([&] { SchedulePoint(); }), (std::vector{kUser}));
}

TEST(Schedule, TellsWhereAndOnWhat) {
  mutex mu;
  Notes notes;
  {
    ScopedScheduler scoped(&notes);
    mu.lock();
    mu.unlock();
  }

  ASSERT_EQ(notes.operations.size(), 2u);
  EXPECT_EQ(notes.operations[0].object, &mu);
  EXPECT_EQ(notes.operations[1].object, &mu);
  EXPECT_NE(notes.operations[0].pc, notes.operations[1].pc);
  EXPECT_THAT(KindsOf([] {}), Not(Contains(OperationKind::kAcquire)));
}

TEST(Schedule, NobodyIsAskedOnceTheSchedulerIsGone) {
  mutex mu;
  Notes outer;
  ScopedScheduler scoped(&outer);
  EXPECT_EQ(KindsOf([&] { mu.lock(); }).size(), 1u);
  EXPECT_TRUE(outer.operations.empty());

  mu.unlock();

  EXPECT_THAT(outer.Kinds(), Each(OperationKind::kRelease));
}

}  // namespace
}  // namespace detect
