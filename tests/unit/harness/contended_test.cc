#include "libdetect/harness/contended.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <latch>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "libdetect/sync/mutex.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = ContendedFailure::Kind;

auto FailsWith(Kind kind, const std::string& what) {
  return Field(&ContendedResult::failures,
               ElementsAre(::testing::AllOf(Field(&ContendedFailure::kind, kind),
                                            Field(&ContendedFailure::what, HasSubstr(what)))));
}

// Rounds that are meant to fail fail at the first; the timeout is for those that are meant not to.
const ContendedOptions kRounds100 = {.rounds = 100, .timeout = 60s};

// Adds one as a thread does that takes no lock, without being a data race.
void AddUnlocked(std::atomic<int>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

TEST(RunContended, CallsTheOperationFromEachThreadInEachRound) {
  std::atomic<uint64_t> calls{0};
  std::atomic<uint64_t> sum_of_indices{0};

  const ContendedResult result = RunContended(
      [&](Contender& self) {
        ++calls;
        sum_of_indices += self.index();
      },
      {.threads = 20, .rounds = 100, .timeout = 60s, .calls = 3});

  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_EQ(result.rounds, 100);
  EXPECT_EQ(result.calls, 20 * 100 * 3);
  EXPECT_EQ(calls, result.calls);
  EXPECT_EQ(sum_of_indices, 190 * 100 * 3);
}

TEST(RunContended, RunsAsManyRoundsAsTheBudgetAllows) {
  const auto start = std::chrono::steady_clock::now();

  const ContendedResult result = RunContended([] {}, {.budget = 50ms, .timeout = 60s});

  EXPECT_GE(std::chrono::steady_clock::now() - start, 50ms);
  EXPECT_GE(result.rounds, 1);
}

TEST(RunContended, SaysHowMuchOverlapThereWas) {
  std::latch all_inside(2);

  const ContendedResult result = RunContended([&] { all_inside.arrive_and_wait(); },
                                              {.threads = 2, .rounds = 1, .timeout = 60s});

  EXPECT_EQ(result.rounds_overlapped, 1);
  EXPECT_GT(result.overlap, 0);
  EXPECT_THAT(result.Summary(), HasSubstr("overlap in 1 rounds"));
}

TEST(RunContended, RefusesASingleThreadThatIsToOverlap) {
  EXPECT_THAT(RunContended([] {}, {.threads = 1, .rounds = 1}),
              FailsWith(Kind::kOptions, "contends with nobody"));
}

TEST(RunContended, FindsALostUpdate) {
  std::atomic<int> counter{0};

  const ContendedResult result =
      RunContended([&] { AddUnlocked(counter); },
                   {.timeout = 60s,
                    .calls = 100,
                    .set_up = [&] { counter = 0; },
                    .invariants = {{"no update is lost", [&] { return counter == 20 * 100; }}}});

  EXPECT_THAT(result, FailsWith(Kind::kInvariant, "no update is lost"));
}

TEST(RunContended, PassesTheSameBehindALock) {
  std::atomic<int> counter{0};
  mutex lock("counter");

  const ContendedResult result = RunContended(
      [&] {
        const std::lock_guard hold(lock);
        AddUnlocked(counter);
      },
      {.rounds = 100,
       .timeout = 60s,
       .calls = 100,
       .set_up = [&] { counter = 0; },
       .invariants = {{"no update is lost", [&] { return counter == 20 * 100; }}}});

  EXPECT_THAT(result.failures, IsEmpty());
}

TEST(RunContended, SetsUpBeforeEachRoundAndTearsDownAfterIt) {
  std::vector<std::string> order;
  std::once_flag once;

  RunContended([&] { std::call_once(once, [&] { order.emplace_back("operation"); }); },
               {.rounds = 2,
                .timeout = 60s,
                .set_up = [&] { order.emplace_back("up"); },
                .tear_down = [&] { order.emplace_back("down"); },
                .require_overlap = false});

  EXPECT_THAT(order, ElementsAre("up", "operation", "down", "up", "down"));
}

TEST(RunContended, LooksAtAnInvariantAllTheTimeByItsWatcher) {
  std::atomic<bool> is_broken{false};
  std::atomic<bool> was_seen{false};

  // Broken only while a thread is inside, until somebody has seen it.
  const ContendedResult result = RunContended(
      [&](Contender& self) {
        if (self.index() != 0) return;
        is_broken = true;
        was_seen.wait(false);
        is_broken = false;
      },
      {.rounds = 1,
       .timeout = 60s,
       .invariants = {{.name = "it is whole",
                       .holds =
                           [&] {
                             if (!is_broken) return true;
                             was_seen = true;
                             was_seen.notify_all();
                             return false;
                           },
                       .checked = Checked::kByWatcher}}});

  ASSERT_THAT(result.failures, ::testing::Not(IsEmpty()));
  EXPECT_THAT(result.failures.front().what, HasSubstr("it is whole"));
}

TEST(RunContended, LooksAtAnInvariantInTheThreadsThemselves) {
  const ContendedResult result = RunContended(
      [] {}, {.threads = 2,
              .rounds = 1,
              .timeout = 60s,
              .invariants = {{"it holds", [] { return false; }, Checked::kByThreads}}});

  ASSERT_THAT(result.failures, ::testing::Not(IsEmpty()));
  EXPECT_TRUE(result.failures.front().thread.has_value());
}

TEST(RunContended, EndsWithTheFirstRoundThatFailsAndNamesItsSeed) {
  const ContendedResult result = RunContended(
      [](Contender& self) {
        if (self.round() == 3 && self.index() == 1) self.Fail("broken");
      },
      {.threads = 2, .rounds = 100, .timeout = 60s, .seed = 1000});

  ASSERT_THAT(result.failures, SizeIs(1));
  EXPECT_EQ(result.rounds, 4);
  EXPECT_EQ(result.FailingSeed(), 1003);
  EXPECT_EQ(result.Describe(result.failures.front()),
            "contended worker 1, round 3, seed 1003: broken");
}

TEST(RunContended, GivesEachThreadTheSameRandomNumbersForTheSameSeed) {
  const auto draw = [](uint64_t seed) {
    std::array<std::array<uint64_t, 2>, 2> numbers;  // of round and thread
    RunContended(
        [&](Contender& self) { numbers[self.round()][self.index()] = self.random()(); },
        {.threads = 2, .rounds = 2, .timeout = 60s, .seed = seed, .require_overlap = false});
    return numbers;
  };

  const auto first = draw(7);
  const auto again = draw(7);
  const auto later = draw(8);

  EXPECT_EQ(first, again);
  EXPECT_EQ(first[1], later[0]);  // a run with a round's seed begins with that round
  EXPECT_EQ((std::set{first[0][0], first[0][1], first[1][0], first[1][1]}).size(), 4);
}

// Bad input, one test each.

TEST(RunContended, RefusesOptionsThatMakeNoSense) {
  EXPECT_THAT(RunContended([] {}, {.threads = 0}), FailsWith(Kind::kOptions, "threads is 0"));
  EXPECT_THAT(RunContended([] {}, {.threads = -3}), FailsWith(Kind::kOptions, "threads is -3"));
  EXPECT_THAT(RunContended([] {}, {.timeout = -1s}), FailsWith(Kind::kOptions, "timeout"));
  EXPECT_THAT(RunContended([] {}, {.rounds = -1}), FailsWith(Kind::kOptions, "rounds"));
  EXPECT_THAT(RunContended([] {}, {.calls = 0}), FailsWith(Kind::kOptions, "calls"));
  EXPECT_THAT(RunContended([] {}, {.budget = 0s}), FailsWith(Kind::kOptions, "budget"));
  EXPECT_THAT(RunContended([] {}, {.invariants = {{"empty", {}}}}),
              FailsWith(Kind::kOptions, "\"empty\" has no function"));
}

TEST(RunContended, CarriesAnExceptionWithItsThreadAndRound) {
  const ContendedResult result = RunContended(
      [](Contender& self) {
        if (self.index() == 7) throw std::out_of_range("past the end");
      },
      kRounds100);

  EXPECT_THAT(result, FailsWith(Kind::kThrew, "std::out_of_range: past the end"));
  EXPECT_EQ(result.failures.front().thread, 7);
  EXPECT_EQ(result.failures.front().round, 0);
}

TEST(RunContended, SaysWhichHookThrew) {
  EXPECT_THAT(RunContended([] {}, {.set_up = [] { throw 1; }}),
              FailsWith(Kind::kThrew, "set_up threw int"));
}

TEST(RunContended, FailsWhereTheOperationEndsItsThread) {
  const ContendedResult result = RunContended(
      [](Contender& self) {
        if (self.index() == 0) pthread_exit(nullptr);
      },
      kRounds100);

  EXPECT_THAT(result, FailsWith(Kind::kForbidden, "ended its thread"));
}

TEST(RunContended, FailsWhereTheOperationForks) {
  const ContendedResult result = RunContended(
      [](Contender& self) {
        if (self.index() != 0) return;
        const pid_t child = fork();
        if (child == 0) _exit(0);
        waitpid(child, nullptr, 0);
      },
      kRounds100);

  EXPECT_THAT(result, FailsWith(Kind::kForbidden, "forked"));
}

TEST(RunContended, EndsAForkedChildThatComesBackFromTheOperation) {
  std::atomic<int> status{0};

  RunContended(
      [&](Contender& self) {
        if (self.index() != 0) return;
        const pid_t child = fork();
        int child_status = 0;
        if (child > 0) waitpid(child, &child_status, 0);
        if (child > 0) status = child_status;
      },
      kRounds100);

  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST(RunContendedDeathTest, SaysThatTheOperationCalledExit) {
  EXPECT_EXIT(RunContended(
                  [](Contender& self) {
                    if (self.index() == 5) exit(0);
                  },
                  {.rounds = 100, .timeout = 60s, .seed = 1}),
              ::testing::ExitedWithCode(1),
              "contended worker 5, round 0, seed 1: the operation called exit");
}

TEST(RunContended, FailsWhereAThreadThatTheOperationDetachedStillRuns) {
  // Never destroyed: the thread stays.
  static std::latch& never = *new std::latch(1);

  const ContendedResult result = RunContended(
      [](Contender& self) {
        if (self.index() == 0) std::thread([] { never.wait(); }).detach();
      },
      {.rounds = 1, .timeout = 60s, .require_overlap = false});

  EXPECT_THAT(result, FailsWith(Kind::kForbidden, "left 1 thread running"));
}

bool HangForEver() {
  static std::latch& never = *new std::latch(1);
  never.wait();
  return true;
}

TEST(RunContended, FailsWhereAnInvariantHangs) {
  const ContendedResult result = RunContended(
      [] {}, {.threads = 2, .rounds = 1, .timeout = 1s, .invariants = {{"it ends", HangForEver}}});

  EXPECT_THAT(result, FailsWith(Kind::kHang, "invariant checker"));
}

TEST(RunContended, FailsWhereAWatchedInvariantHangs) {
  std::latch& looks = *new std::latch(1);

  const ContendedResult result =
      RunContended([&] { looks.wait(); }, {.threads = 2,
                                           .rounds = 1,
                                           .timeout = 1s,
                                           .invariants = {{"it ends",
                                                           [&] {
                                                             looks.count_down();
                                                             return HangForEver();
                                                           },
                                                           Checked::kByWatcher}}});

  EXPECT_THAT(result, FailsWith(Kind::kHang, "invariant watcher"));
}

// Hangs.

TEST(RunContended, TellsADeadlockLongBeforeTheTimeout) {
  mutex& first = *new mutex("first");
  mutex& second = *new mutex("second");
  std::latch& both = *new std::latch(2);

  const ContendedResult result = RunContended(
      [&](Contender& self) {
        const std::lock_guard outer(self.index() == 0 ? first : second);
        both.arrive_and_wait();
        const std::lock_guard inner(self.index() == 0 ? second : first);
      },
      {.threads = 2, .timeout = 600s});

  ASSERT_THAT(result, FailsWith(Kind::kHang, "DEADLOCK (proven)"));
  const std::string& what = result.failures.front().what;
  EXPECT_THAT(what, HasSubstr("\"contended worker 0\" and \"contended worker 1\""));
  EXPECT_THAT(what, HasSubstr("holds first"));
  EXPECT_THAT(what, HasSubstr("waits for first"));
  EXPECT_THAT(what, HasSubstr("contended_test.cc:"));
  EXPECT_THAT(result.left_behind, SizeIs(2));
}

TEST(RunContended, TellsWhereAThreadLoopsForEver) {
  static std::atomic<bool> stop{false};

  const ContendedResult result = RunContended(
      [](Contender& self) {
        while (self.index() == 1 && !stop) {
        }
      },
      {.threads = 2, .timeout = 1s});
  stop = true;

  EXPECT_THAT(result, FailsWith(Kind::kHang, "1 of 2 threads did not come back within 1 s"));
  EXPECT_THAT(result.failures.front().what, HasSubstr("contended worker 1 (tid "));
  EXPECT_THAT(result.failures.front().what, HasSubstr(") runs\n"));
  EXPECT_THAT(result.failures.front().what, HasSubstr("contended_test.cc:"));
}

TEST(RunContended, TellsWhatAThreadWaitsForThatIsInNoDeadlock) {
  mutex& held = *new mutex("held");
  const std::lock_guard hold(held);

  const ContendedResult result = RunContended(
      [&](Contender& self) {
        if (self.index() == 1) std::lock_guard never(held);
      },
      {.threads = 2, .timeout = 1s});

  EXPECT_THAT(result, FailsWith(Kind::kHang, "waits for held (mutex), which main holds"));
}

TEST(RunContended, GoesOnAfterAHang) {
  static std::latch& never = *new std::latch(1);
  RunContended(
      [](Contender& self) {
        if (self.index() == 0) never.wait();
      },
      {.timeout = 50ms});

  const ContendedResult next = RunContended([] {}, kRounds100);

  EXPECT_EQ(next.rounds, 100);
}

}  // namespace
}  // namespace detect
