// What an interrupted thread sees, and that no interruption is lost.
#include "libdetect/sync/interruption.h"

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <latch>
#include <mutex>
#include <type_traits>

#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/thread.h"
#include "libdetect/sync/wait_queue.h"
#include "tests/unit/sync/recorded.h"
#include "tests/unit/sync/stepping_clock.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaiting;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::SlotOf;
using ::detect::testing::SteppingClock;

// Returns whether `wait` throws detect::interrupted.
template <typename F>
bool IsInterruptedIn(F wait) {
  try {
    wait();
  } catch (const interrupted&) {
    return true;
  }
  return false;
}

TEST(Interrupted, PassesByWhoeverCatchesErrors) {
  static_assert(!std::is_base_of_v<std::exception, interrupted>);
  const auto wait_and_carry_on = [] {
    try {
      throw interrupted();
    } catch (const std::exception&) {
    }
  };

  EXPECT_TRUE(IsInterruptedIn(wait_and_carry_on));
}

TEST(Interruption, StaysPendingUntilItIsTaken) {
  sync::Interruption interruption;
  EXPECT_FALSE(interruption.IsPending());
  EXPECT_FALSE(interruption.Take());

  interruption.Request();
  interruption.Request();

  EXPECT_TRUE(interruption.IsPending());
  EXPECT_TRUE(interruption.Take());
  EXPECT_FALSE(interruption.IsPending());
  EXPECT_FALSE(interruption.Take());
}

TEST(Interruption, KeepsItsThreadFromFallingAsleep) {
  sync::Interruption interruption;
  sync::FutexWord word{0};

  interruption.Request();

  EXPECT_FALSE(interruption.BeginSleep(word));
  EXPECT_TRUE(interruption.IsPending());
}

TEST(Interruption, ChangesTheWordThatItsThreadIsAboutToSleepOn) {
  sync::Interruption interruption;
  sync::FutexWord word{5};
  ASSERT_TRUE(interruption.BeginSleep(word));

  interruption.Request();

  EXPECT_EQ(word, 5 + sync::kPoke);
  EXPECT_TRUE(interruption.EndSleep());
  EXPECT_TRUE(interruption.IsPending());
}

TEST(Interruption, LeavesAWordAloneThatItsThreadNoLongerSleepsOn) {
  sync::Interruption interruption;
  sync::FutexWord word{5};
  ASSERT_TRUE(interruption.BeginSleep(word));
  EXPECT_FALSE(interruption.EndSleep());

  interruption.Request();

  EXPECT_EQ(word, 5u);
  EXPECT_TRUE(interruption.IsPending());
}

TEST(WaitQueue, PrefersANotificationToAnInterruption) {
  sync::Interruption interruption;
  const sync::ScopedInterruption interruptible(&interruption);
  sync::WaitQueue queue;
  sync::WaitQueue::Place place;
  queue.Join(&place);

  interruption.Request();
  queue.NotifyOne();

  EXPECT_EQ(queue.Wait(&place, {.interruptible = true}), sync::Awoken::kLookAgain);
  EXPECT_TRUE(interruption.IsPending());
}

TEST(WaitQueue, HasNoPlaceForAThreadThatWasInterrupted) {
  sync::Interruption interruption;
  const sync::ScopedInterruption interruptible(&interruption);
  sync::WaitQueue queue;
  sync::WaitQueue::Place interrupted, next;
  queue.Join(&interrupted);
  queue.Join(&next);
  interruption.Request();

  EXPECT_EQ(queue.Wait(&interrupted, {.interruptible = true}), sync::Awoken::kInterrupted);

  queue.NotifyOne();
  EXPECT_EQ(queue.Wait(&next, {}), sync::Awoken::kLookAgain);
}

TEST(InterruptedThread, WakesFromAConditionWithItsMutexHeld) {
  mutex m;
  condition_variable never;
  thread waiter(thread_options{.name = "waiter"}, [&] {
    std::unique_lock hold(m);
    EXPECT_TRUE(IsInterruptedIn([&] { never.wait(hold); }));
    EXPECT_TRUE(hold.owns_lock());
    EXPECT_EQ(HoldCount(OwnSlot(), &m), 1);
    EXPECT_EQ(OwnSlot().wait_sequence & 1, 0u);
    EXPECT_FALSE(this_thread::is_interrupted());
  });
  AwaitWaiting(SlotOf("waiter"), &never);

  waiter.interrupt();

  waiter.join();
}

TEST(InterruptedThread, DoesNotEvenBeginToWait) {
  std::latch interrupted_early(1);
  mutex m;
  condition_variable never;
  thread waiter([&] {
    interrupted_early.wait();
    std::unique_lock hold(m);
    EXPECT_TRUE(IsInterruptedIn([&] { never.wait(hold); }));
    EXPECT_EQ(never.wait_for(hold, 0s), cv_status::timeout);
  });

  waiter.interrupt();
  interrupted_early.count_down();

  waiter.join();
}

TEST(InterruptedThread, LeavesTheOthersOfAConditionWaiting) {
  mutex m;
  condition_variable changed;
  bool ready = false;
  const auto wait = [&] {
    std::unique_lock hold(m);
    changed.wait(hold, [&] { return ready; });
  };
  thread patient(thread_options{.name = "patient"}, wait);
  thread interrupted(thread_options{.name = "interrupted"}, wait);
  AwaitWaiting(SlotOf("patient"), &changed);
  AwaitWaiting(SlotOf("interrupted"), &changed);

  interrupted.interrupt();
  interrupted.join();

  {
    std::lock_guard hold(m);
    ready = true;
    changed.notify_one();
  }
  patient.join();
}

TEST(InterruptedThread, WakesFromASleep) {
  thread sleeper([] { EXPECT_TRUE(IsInterruptedIn([] { this_thread::sleep_for(24h); })); });
  sleeper.interrupt();
  sleeper.join();

  thread sleeper_until([] {
    const auto tomorrow = std::chrono::system_clock::now() + 24h;
    EXPECT_TRUE(IsInterruptedIn([&] { this_thread::sleep_until(tomorrow); }));
  });
  sleeper_until.interrupt();
  sleeper_until.join();
}

TEST(InterruptedThread, CanLookAtItsInterruptionOrTakeIt) {
  std::latch go(1);
  thread t([&] {
    go.wait();
    EXPECT_TRUE(this_thread::is_interrupted());
    EXPECT_TRUE(this_thread::interrupted());
    EXPECT_FALSE(this_thread::interrupted());
    EXPECT_FALSE(IsInterruptedIn([] { this_thread::interruption_point(); }));
  });
  EXPECT_FALSE(t.is_interrupted());

  t.interrupt();

  EXPECT_TRUE(t.is_interrupted());
  go.count_down();
  t.join();
}

TEST(InterruptedThread, EndsQuietlyWhereItsCallableLetsTheExceptionOut) {
  bool went_on = false;
  thread t([&] {
    this_thread::sleep_for(24h);
    went_on = true;
  });

  t.interrupt();
  t.join();

  EXPECT_FALSE(went_on);
}

TEST(InterruptedThread, LosesNoInterruptionHoweverItMeetsTheWait) {
  mutex m;
  condition_variable never;
  for (int i = 0; i < 2000; ++i) {
    bool thrown = false;
    std::latch begins(1);
    thread waiter([&] {
      std::unique_lock hold(m);
      begins.count_down();
      thrown = IsInterruptedIn([&] { never.wait(hold); });
    });

    begins.wait();
    waiter.interrupt();
    waiter.join();

    ASSERT_TRUE(thrown) << "in round " << i;
  }
}

TEST(InterruptedThread, KeepsAnInterruptionThatComesAfterTheNotification) {
  mutex m;
  condition_variable changed;
  for (int i = 0; i < 2000; ++i) {
    bool thrown = false, pending = false;
    std::latch begins(1), was_interrupted(1);
    thread waiter([&] {
      std::unique_lock hold(m);
      begins.count_down();
      thrown = IsInterruptedIn([&] { changed.wait(hold); });
      was_interrupted.wait();
      pending = this_thread::is_interrupted();
    });
    begins.wait();
    { std::lock_guard waits_now(m); }

    changed.notify_one();
    waiter.interrupt();
    was_interrupted.count_down();
    waiter.join();

    ASSERT_FALSE(thrown) << "in round " << i;
    ASSERT_TRUE(pending) << "in round " << i;
  }
}

TEST(Thread, WithoutABodyHasNothingToInterrupt) {
  thread none;

  none.interrupt();

  EXPECT_FALSE(none.is_interrupted());
}

TEST(ThisThread, IsNeverInterruptedWhereItIsNotOfOurMaking) {
  EXPECT_FALSE(this_thread::is_interrupted());
  EXPECT_FALSE(this_thread::interrupted());
  this_thread::interruption_point();
  this_thread::sleep_for(1ns);
}

TEST(ThisThread, SleepsUntilTheTimeOfAClockThatTheKernelDoesNotKnow) {
  const auto wanted = SteppingClock::now() + 3ms;

  this_thread::sleep_until(wanted);

  EXPECT_GE(SteppingClock::now(), wanted);
}

}  // namespace
}  // namespace detect
