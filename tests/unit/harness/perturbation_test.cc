#include "libdetect/harness/perturbation.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "libdetect/harness/decisions.h"
#include "libdetect/sync/sync.h"

namespace detect {
namespace {

constexpr uint32_t kThreads = 4;
constexpr Perturb kEach[] = {Perturb::kYield,      Perturb::kSpin,    Perturb::kSleep,
                             Perturb::kPin,        Perturb::kWindows, Perturb::kFirst,
                             Perturb::kPriorities, Perturb::kPairs};

// Keeps all decisions, thread by thread.
class Traced final : public Perturbation {
 public:
  using Perturbation::Perturbation;
  using Trace = std::array<std::vector<Decision>, kThreads>;

  Trace trace;  // each part by its thread

 protected:
  void Decided(uint32_t thread, const Decision& decision) override {
    if (thread < kThreads) trace[thread].push_back(decision);
  }
};

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

// Some rounds of threads that contend for two locks, each thread in a way of its own.
Traced::Trace TraceOf(Perturb strategy, uint64_t seed) {
  Traced perturbation({.strategy = strategy, .intensity = Percent(100)});
  ScopedScheduler scoped(&perturbation);
  mutex one;
  mutex two;
  for (uint64_t round = 0; round < 3; ++round) {
    perturbation.BeginRound(seed + round);
    RunThreads([&](uint32_t index) {
      for (uint32_t i = 0; i < 120 + index; ++i) {
        std::lock_guard hold(i % (index + 2) == 0 ? one : two);
        if (i % 3 == 0) SchedulePoint();
      }
    });
  }
  return perturbation.trace;
}

size_t CountDelays(const Traced::Trace& trace) {
  size_t count = 0;
  for (const auto& decisions : trace) {
    count += std::count_if(decisions.begin(), decisions.end(),
                           [](const Decision& each) { return each.delay != Delay::kNone; });
  }
  return count;
}

TEST(Perturbation, SameSeedMakesTheSameDecisions) {
  for (Perturb strategy : kEach) {
    const Traced::Trace first = TraceOf(strategy, 42);
    const Traced::Trace second = TraceOf(strategy, 42);

    EXPECT_EQ(first, second) << static_cast<int>(strategy);
    EXPECT_GT(CountDelays(first), 0u) << static_cast<int>(strategy);
  }
}

TEST(Perturbation, MixedDrawsTheSameStrategiesForTheSameSeed) {
  EXPECT_EQ(TraceOf(Perturb::kMixed, 7), TraceOf(Perturb::kMixed, 7));
}

TEST(Perturbation, AnotherSeedMakesOtherDecisions) {
  EXPECT_NE(TraceOf(Perturb::kSleep, 1), TraceOf(Perturb::kSleep, 2));
}

TEST(Perturbation, MixedDrawsEveryStrategyAndNoneSometimes) {
  std::set<Perturb> drawn;
  std::set<Perturb> without_pin;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    drawn.insert(PlanOf(seed, {}).strategy);
    without_pin.insert(PlanOf(seed, {.may_pin = false}).strategy);
  }

  std::set<Perturb> all(std::begin(kEach), std::end(kEach));
  all.insert(Perturb::kOff);
  EXPECT_EQ(drawn, all);
  all.erase(Perturb::kPin);
  EXPECT_EQ(without_pin, all);
}

TEST(Perturbation, IntensitySaysHowManyOperationsAreDelayed) {
  const auto delays = [](uint8_t intensity) {
    size_t count = 0;
    for (uint64_t seed = 0; seed < 200; ++seed) {
      const RoundPlan plan =
          PlanOf(seed, {.strategy = Perturb::kYield, .intensity = Percent(intensity)});
      ThreadScript script(plan, seed, 0);
      for (int i = 0; i < 100; ++i) count += script.Next({}).delay != Delay::kNone;
    }
    return count;
  };

  EXPECT_EQ(delays(0), 0u);
  EXPECT_LT(delays(10), delays(50) / 2);
  EXPECT_LT(delays(50), delays(100));
}

TEST(ThreadScript, WindowsAreBetweenAReleaseAndTheNextUse) {
  const int lock = 0;
  const int other = 0;
  const RoundPlan plan{.strategy = Perturb::kWindows, .odds = 1, .longest_ns = 1000};
  size_t in_windows = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    ThreadScript script(plan, seed, 0);
    EXPECT_EQ(script.Next({OperationKind::kAcquire, &lock, 1}).delay, Delay::kNone);
    EXPECT_EQ(script.Next({OperationKind::kRelease, &lock, 2}).delay, Delay::kNone);
    EXPECT_EQ(script.Next({OperationKind::kAcquire, &other, 3}).delay, Delay::kNone);
    in_windows += script.Next({OperationKind::kAcquire, &lock, 4}).delay == Delay::kSleep;
  }

  EXPECT_GT(in_windows, 20u);
  EXPECT_LT(in_windows, 80u);
}

TEST(ThreadScript, FirstIsFirstOnlyOnce) {
  const RoundPlan plan{.strategy = Perturb::kFirst, .odds = 1, .longest_ns = 1000};
  size_t first = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    ThreadScript script(plan, seed, 0);
    first += script.Next({OperationKind::kUser, nullptr, 1}).delay == Delay::kSleep;
    EXPECT_EQ(script.Next({OperationKind::kUser, nullptr, 1}).delay, Delay::kNone);
  }

  EXPECT_GT(first, 20u);
  EXPECT_LT(first, 80u);
}

TEST(ThreadScript, PrioritiesChangeAtAFewPoints) {
  size_t delays = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const RoundPlan plan = PlanOf(seed, {.strategy = Perturb::kPriorities});
    ThreadScript script(plan, seed, 3);
    for (int i = 0; i < 1000; ++i) delays += script.Next({}).delay == Delay::kStandBack;
  }

  EXPECT_GT(delays, 100u);
  EXPECT_LE(delays, 300u);
}

// Time is the point: what was booked is held against the time that has passed.
TEST(Perturbation, SpendsNoMoreThanItsBudget) {
  const auto begin = std::chrono::steady_clock::now();
  Perturbation perturbation(
      {.strategy = Perturb::kSleep, .intensity = Percent(100), .budget = Percent(10)});
  ScopedScheduler scoped(&perturbation);
  perturbation.BeginRound(1);

  while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(200)) SchedulePoint();

  const std::chrono::nanoseconds elapsed = std::chrono::steady_clock::now() - begin;
  const int64_t head_start_ns = 2'000'000;
  EXPECT_LE(perturbation.SpentNs(), elapsed.count() / 10 + head_start_ns);
  EXPECT_GT(perturbation.SpentNs(), head_start_ns);
  EXPECT_GT(perturbation.CountDelays(), 0u);
}

TEST(Perturbation, BudgetOfNothingIsSoonSpent) {
  Perturbation perturbation(
      {.strategy = Perturb::kSleep, .intensity = Percent(100), .budget = Percent(0)});
  ScopedScheduler scoped(&perturbation);
  perturbation.BeginRound(1);
  for (int i = 0; i < 10'000; ++i) SchedulePoint();
  const uint64_t delays = perturbation.CountDelays();

  for (int i = 0; i < 10'000; ++i) SchedulePoint();

  EXPECT_EQ(perturbation.CountDelays(), delays);
}

TEST(Perturbation, PinnedThreadGoesBackToAllItsCores) {
  cpu_set_t before;
  cpu_set_t after;
  sched_getaffinity(0, sizeof(before), &before);
  Perturbation perturbation({.strategy = Perturb::kPin});
  ScopedScheduler scoped(&perturbation);
  perturbation.BeginRound(1);

  TellSchedulerStart(0);
  cpu_set_t during;
  sched_getaffinity(0, sizeof(during), &during);
  TellSchedulerEnd();
  sched_getaffinity(0, sizeof(after), &after);

  EXPECT_EQ(CPU_COUNT(&during), 1);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace detect
