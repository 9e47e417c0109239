#include "libdetect/sync/barrier.h"

#include <gtest/gtest.h>

#include <barrier>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::AwaitWaiting;
using ::detect::testing::DetailsOf;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::RecordedName;
using ::detect::testing::SlotOf;

constinit barrier<> g_constant_initialised{1};

// What the standard's own promises, too.
struct OfStd {
  template <typename Completion>
  static auto Make(ptrdiff_t expected, Completion completion) {
    return std::barrier(expected, completion);
  }
};
struct OfDetect {
  template <typename Completion>
  static auto Make(ptrdiff_t expected, Completion completion) {
    return barrier(expected, completion);
  }
};

template <typename Maker>
class AnyBarrier : public ::testing::Test {};

using Makers = ::testing::Types<OfStd, OfDetect>;
TYPED_TEST_SUITE(AnyBarrier, Makers);

TYPED_TEST(AnyBarrier, RunsTheCompletionOnceAPhaseBeforeAnybodyGoesOn) {
  constexpr int kThreads = 6;
  constexpr int kPhases = 50;
  int sum = 0;  // plain variables: the barrier is all that orders their users
  int written[kThreads] = {};
  std::atomic<int> wrong = 0;
  auto step = TypeParam::Make(kThreads, [&]() noexcept {
    for (int& value : written) sum += std::exchange(value, 0);
  });
  std::vector<thread> threads;

  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int phase = 1; phase <= kPhases; ++phase) {
        written[i] = 1;
        step.arrive_and_wait();
        if (sum != phase * kThreads) ++wrong;
        step.arrive_and_wait();  // nobody writes before all have looked
      }
    });
  }
  for (thread& t : threads) t.join();

  EXPECT_EQ(wrong, 0);
}

TYPED_TEST(AnyBarrier, LetsAThreadArriveNowAndWaitLater) {
  int completed = 0;
  auto step = TypeParam::Make(3, [&]() noexcept { ++completed; });

  auto token = step.arrive(2);
  EXPECT_EQ(completed, 0);
  auto last = step.arrive();
  EXPECT_EQ(completed, 1);

  step.wait(std::move(token));  // of the phase before
  step.wait(std::move(last));
}

TYPED_TEST(AnyBarrier, ExpectsOneLessFromWhenAThreadDropsOut) {
  int completed = 0;
  auto step = TypeParam::Make(2, [&]() noexcept { ++completed; });

  auto token = step.arrive();
  step.arrive_and_drop();
  EXPECT_EQ(completed, 1);
  step.wait(std::move(token));

  step.arrive_and_wait();
  step.arrive_and_wait();
  EXPECT_EQ(completed, 3);
}

TYPED_TEST(AnyBarrier, MayBeDestroyedByWhoeverHasWaited) {
  for (int round = 0; round < 500; ++round) {
    const auto nothing = []() noexcept {};
    auto* step = new auto(TypeParam::Make(2, nothing));
    thread worker([step] { (void)step->arrive(); });
    step->arrive_and_wait();
    delete step;
    worker.join();
  }
}

TEST(Barrier, MakesItsTypeFromWhatItIsGiven) {
  const auto nothing = []() noexcept {};
  using Nothing = decltype(nothing);

  static_assert(std::is_same_v<decltype(barrier(1)), barrier<>>);
  static_assert(std::is_same_v<decltype(barrier(1, "step")), barrier<>>);
  static_assert(
      std::is_same_v<decltype(barrier(1, nothing)), barrier<std::remove_const_t<Nothing>>>);
  static_assert(
      std::is_same_v<decltype(barrier(1, nothing, "step")), barrier<std::remove_const_t<Nothing>>>);
  static_assert(!std::is_copy_constructible_v<barrier<>>);
  static_assert(std::is_move_constructible_v<barrier<>::arrival_token>);
  static_assert(barrier<>::max() >= 1'000'000);
  g_constant_initialised.arrive_and_drop();
}

TEST(Barrier, IsKnownByItsNameAsLongAsItLives) {
  std::optional<barrier<>> step;
  step.emplace(2, "step");
  const void* address = &*step;

  EXPECT_EQ(RecordedName(address), "step");
  step.reset();
  EXPECT_EQ(RecordedName(address), std::nullopt);
}

TEST(Barrier, ShowsWhoTakesPartUntilTheyDropOutOrItEnds) {
  std::optional<barrier<>> step(2);
  thread other(thread_options{.name = "other"}, [&] { step->arrive_and_wait(); });
  AwaitWaiting(SlotOf("other"), &*step);

  step->arrive_and_wait();
  other.join();
  ASSERT_EQ(HoldCount(OwnSlot(), &*step), 1);
  EXPECT_EQ(DetailsOf(OwnSlot().holds[0]).kind, ResourceKind::kBarrier);
  EXPECT_EQ(DetailsOf(OwnSlot().holds[0]).mode, AccessMode::kMember);

  (void)step->arrive();
  step->arrive_and_drop();
  EXPECT_EQ(HoldCount(OwnSlot(), &*step), 0);

  step->arrive_and_wait();
  step.reset();
  EXPECT_EQ(OwnSlot().depth, 0u);
}

TEST(Barrier, ShowsWhoWaitsForIt) {
  barrier<> step(2);
  thread waiter(thread_options{.name = "waiter"}, [&] { step.arrive_and_wait(); });
  const recorder::ThreadSlot& slot = SlotOf("waiter");

  AwaitWaiting(slot, &step);

  EXPECT_EQ(slot.wait.kind, static_cast<uint8_t>(ResourceKind::kBarrier));
  EXPECT_EQ(HoldCount(slot, &step), 1);
  step.arrive_and_wait();
  waiter.join();
}

TEST(Barrier, GoesOnWithoutAnInterruptedThread) {
  barrier<> step(2);
  bool was_interrupted = false;
  thread stopped(thread_options{.name = "stopped"}, [&] {
    try {
      step.arrive_and_wait();
    } catch (const interrupted&) {
      was_interrupted = true;
    }
  });
  AwaitWaiting(SlotOf("stopped"), &step);

  stopped.interrupt();
  stopped.join();
  step.arrive_and_wait();  // would not return if the arrival did not count

  EXPECT_TRUE(was_interrupted);
}

}  // namespace
}  // namespace detect
