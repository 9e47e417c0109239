#include "libdetect/sync/semaphore.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <type_traits>
#include <vector>

#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"
#include "tests/unit/sync/stepping_clock.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaiting;
using ::detect::testing::DetailsOf;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::RecordedName;
using ::detect::testing::SlotOf;
using ::detect::testing::SteppingClock;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// Never waited for in full.
constexpr auto kLong = 10min;
constexpr auto kShort = 5ms;

constinit binary_semaphore g_constant_initialised{1};

// What the standard's own promises, too.
template <typename Semaphore>
class AnySemaphore : public ::testing::Test {};

using Semaphores = ::testing::Types<std::counting_semaphore<>, counting_semaphore<>>;
TYPED_TEST_SUITE(AnySemaphore, Semaphores);

TYPED_TEST(AnySemaphore, CanBeNeitherCopiedNorMoved) {
  static_assert(!std::is_default_constructible_v<TypeParam>);
  static_assert(!std::is_convertible_v<ptrdiff_t, TypeParam>);
  static_assert(!std::is_copy_constructible_v<TypeParam>);
  static_assert(!std::is_move_constructible_v<TypeParam>);
  static_assert(!std::is_copy_assignable_v<TypeParam>);
  static_assert(std::counting_semaphore<7>::max() >= 7 && counting_semaphore<7>::max() >= 7);
}

TYPED_TEST(AnySemaphore, GivesAsManyPermitsAsItHas) {
  TypeParam semaphore(2);

  semaphore.acquire();
  EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire());

  semaphore.release(0);
  EXPECT_FALSE(semaphore.try_acquire());
  semaphore.release(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire());
}

TYPED_TEST(AnySemaphore, TakesAFreePermitWhateverTheDeadline) {
  TypeParam semaphore(4);

  EXPECT_TRUE(semaphore.try_acquire_for(-1s));
  EXPECT_TRUE(semaphore.try_acquire_for(1s));
  EXPECT_TRUE(semaphore.try_acquire_until(system_clock::time_point(0s)));
  EXPECT_TRUE(semaphore.try_acquire_until(steady_clock::now() + 1s));
}

TYPED_TEST(AnySemaphore, GivesUpNoEarlierThanItsDeadline) {
  TypeParam semaphore(0);

  const auto steady = steady_clock::now() + kShort;
  EXPECT_FALSE(semaphore.try_acquire_for(kShort));
  EXPECT_GE(steady_clock::now(), steady);

  const auto system = system_clock::now() + kShort;
  EXPECT_FALSE(semaphore.try_acquire_until(system));
  EXPECT_GE(system_clock::now(), system);
}

// Permits go round among threads that all want more of them than there are; one that got lost, or
// whose wake-up did, would leave somebody asleep, and the test would not end.
TYPED_TEST(AnySemaphore, LosesNoPermitAmongManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 2'000;
  constexpr int kPermits = 3;
  TypeParam semaphore(kPermits);
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::vector<thread> threads;

  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        if (i % 2 == 0) {
          semaphore.acquire();
        } else {
          while (!semaphore.try_acquire_for(1us)) {
          }
        }
        const int now = ++inside;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        --inside;
        semaphore.release();
      }
    });
  }
  for (thread& t : threads) t.join();

  EXPECT_LE(most, kPermits);
  for (int i = 0; i < kPermits; ++i) EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire());
}

TYPED_TEST(AnySemaphore, MayBeDestroyedByWhoeverGotThePermit) {
  for (int round = 0; round < 500; ++round) {
    auto* done = new TypeParam(0);
    thread worker([done] { done->release(); });
    done->acquire();
    delete done;
    worker.join();
  }
}

TEST(Semaphore, IsKnownByItsNameAsLongAsItLives) {
  std::optional<counting_semaphore<>> semaphore;
  semaphore.emplace(3, "connections");
  const void* address = &*semaphore;

  EXPECT_EQ(RecordedName(address), "connections");
  semaphore.reset();
  EXPECT_EQ(RecordedName(address), std::nullopt);
}

TEST(Semaphore, WaitsByTheClockThatTheDeadlineIsOf) {
  counting_semaphore<> semaphore(0);
  const auto time = SteppingClock::now() + 20ms;

  EXPECT_FALSE(semaphore.try_acquire_until(time));

  EXPECT_GE(SteppingClock::LastSeen(), time);
}

TEST(Semaphore, WakesAsManyAsAReleaseHasPermitsFor) {
  constexpr int kWaiters = 5;
  counting_semaphore<> semaphore(0);
  std::vector<thread> waiters;
  for (int i = 0; i < kWaiters; ++i) {
    const std::string name = "waiter " + std::to_string(i);
    waiters.emplace_back(thread_options{.name = name}, [&] { semaphore.acquire(); });
    AwaitWaiting(SlotOf(name), &semaphore);
  }

  semaphore.release(2);
  semaphore.release(2);
  semaphore.release();
  for (thread& waiter : waiters) waiter.join();

  EXPECT_FALSE(semaphore.try_acquire());
}

TEST(Semaphore, ShowsWhoHoldsItsPermits) {
  binary_semaphore& semaphore = g_constant_initialised;

  semaphore.acquire();
  ASSERT_EQ(HoldCount(OwnSlot(), &semaphore), 1);
  EXPECT_EQ(DetailsOf(OwnSlot().holds[0]).kind, ResourceKind::kSemaphore);
  EXPECT_EQ(DetailsOf(OwnSlot().holds[0]).mode, AccessMode::kMember);

  semaphore.release();
  EXPECT_EQ(HoldCount(OwnSlot(), &semaphore), 0);
}

TEST(Semaphore, CountsThePermitsThatOneThreadHolds) {
  counting_semaphore<> semaphore(3);

  semaphore.acquire();
  ASSERT_TRUE(semaphore.try_acquire());
  ASSERT_TRUE(semaphore.try_acquire_for(1s));
  EXPECT_EQ(HoldCount(OwnSlot(), &semaphore), 3);
  EXPECT_EQ(OwnSlot().depth, 1u);

  semaphore.release(2);
  EXPECT_EQ(HoldCount(OwnSlot(), &semaphore), 1);
  semaphore.release();
  EXPECT_EQ(OwnSlot().depth, 0u);
}

TEST(Semaphore, IsNobodysOnceAThreadReleasesWhatItDidNotTake) {
  counting_semaphore<> semaphore(1);

  semaphore.acquire();
  thread([&] { semaphore.release(); }).join();
  semaphore.release();
  semaphore.acquire();
  semaphore.acquire();

  EXPECT_LE(HoldCount(OwnSlot(), &semaphore), 1);
}

TEST(Semaphore, TakesItsPermitsWithItWhenItEnds) {
  std::optional<counting_semaphore<>> semaphore(2);
  const void* address = &*semaphore;
  semaphore->acquire();

  semaphore.reset();

  EXPECT_EQ(HoldCount(OwnSlot(), address), 0);
  EXPECT_EQ(OwnSlot().depth, 0u);
}

TEST(Semaphore, ShowsWhatItsWaitersWaitFor) {
  counting_semaphore<> semaphore(0);
  thread patient(thread_options{.name = "patient"}, [&] { semaphore.acquire(); });
  thread hasty(thread_options{.name = "hasty"},
               [&] { EXPECT_TRUE(semaphore.try_acquire_for(kLong)); });
  const recorder::ThreadSlot& patient_slot = SlotOf("patient");
  const recorder::ThreadSlot& hasty_slot = SlotOf("hasty");

  AwaitWaiting(patient_slot, &semaphore);
  AwaitWaiting(hasty_slot, &semaphore);

  EXPECT_EQ(patient_slot.wait.kind, static_cast<uint8_t>(ResourceKind::kSemaphore));
  EXPECT_FALSE(patient_slot.wait.has_deadline);
  EXPECT_TRUE(hasty_slot.wait.has_deadline);
  semaphore.release(2);
  patient.join();
  hasty.join();
}

TEST(Semaphore, LetsAnInterruptedThreadGoWithoutAPermitAndTheOthersOn) {
  counting_semaphore<> semaphore(0);
  bool was_interrupted = false;
  thread stopped(thread_options{.name = "stopped"}, [&] {
    try {
      semaphore.acquire();
    } catch (const interrupted&) {
      was_interrupted = true;
    }
  });
  thread patient(thread_options{.name = "patient"}, [&] { semaphore.acquire(); });
  AwaitWaiting(SlotOf("stopped"), &semaphore);
  AwaitWaiting(SlotOf("patient"), &semaphore);

  stopped.interrupt();
  stopped.join();
  semaphore.release();
  patient.join();

  EXPECT_TRUE(was_interrupted);
  EXPECT_FALSE(semaphore.try_acquire());
}

// The interruption comes at about the time at which the release wakes one of the two: whichever it
// is, the other one gets the permit, or the first did.
TEST(Semaphore, LosesNoWakeUpToAnInterruptedThread) {
  for (int round = 0; round < 200; ++round) {
    counting_semaphore<> semaphore(0);
    std::atomic<int> taken = 0;
    const auto take = [&] {
      try {
        semaphore.acquire();
        ++taken;
      } catch (const interrupted&) {
      }
    };
    thread stopped(take);
    thread patient(take);

    thread releaser([&] { semaphore.release(); });
    stopped.interrupt();
    stopped.join();
    if (taken == 1) semaphore.release();
    patient.join();
    releaser.join();

    EXPECT_GE(taken, 1);
  }
}

}  // namespace
}  // namespace detect
