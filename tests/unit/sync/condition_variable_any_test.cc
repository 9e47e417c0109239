#include "libdetect/sync/condition_variable_any.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/recursive_mutex.h"
#include "libdetect/sync/shared_mutex.h"
#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"
#include "tests/unit/sync/stepping_clock.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaiting;
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

constinit condition_variable_any g_constant_initialised;

const auto never = [] { return false; };
const auto at_once = [] { return true; };

// What the standard's own promises, too.
template <typename Condition>
class AnyCondition : public ::testing::Test {};

using Conditions = ::testing::Types<std::condition_variable_any, condition_variable_any>;
TYPED_TEST_SUITE(AnyCondition, Conditions);

TYPED_TEST(AnyCondition, DoesNotWaitForWhatIsTrueAlready) {
  mutex m;
  TypeParam changed;
  std::unique_lock hold(m);
  std::stop_source stop;
  stop.request_stop();

  changed.wait(hold, at_once);
  EXPECT_TRUE(changed.wait_for(hold, -1s, at_once));
  EXPECT_TRUE(changed.wait_until(hold, system_clock::time_point(0s), at_once));
  EXPECT_TRUE(changed.wait(hold, stop.get_token(), at_once));
  EXPECT_TRUE(changed.wait_for(hold, stop.get_token(), -1s, at_once));

  EXPECT_TRUE(hold.owns_lock());
}

TYPED_TEST(AnyCondition, TimesOutNoEarlierThanItsDeadlineWithTheLockHeldAgain) {
  mutex m;
  TypeParam changed;
  std::unique_lock hold(m);
  const std::stop_token stop;

  const auto steady = steady_clock::now() + kShort;
  EXPECT_FALSE(changed.wait_for(hold, kShort, never));
  EXPECT_FALSE(changed.wait_until(hold, stop, steady, never));
  EXPECT_GE(steady_clock::now(), steady);

  const auto system = system_clock::now() + kShort;
  EXPECT_FALSE(changed.wait_until(hold, system, never));
  EXPECT_GE(system_clock::now(), system);

  EXPECT_FALSE(changed.wait_for(hold, stop, kShort, never));
  EXPECT_EQ(changed.wait_for(hold, -1s), std::cv_status::timeout);
  EXPECT_EQ(changed.wait_until(hold, steady), std::cv_status::timeout);
  EXPECT_EQ(HoldCount(OwnSlot(), &m), 1);
}

TYPED_TEST(AnyCondition, EndsItsWaitsWhenItIsAskedToStop) {
  mutex m;
  TypeParam changed;
  std::stop_source stop;
  std::atomic<int> stopped = 0;
  const auto wait = [&](auto wait_with) {
    std::unique_lock hold(m);
    EXPECT_FALSE(wait_with(hold));
    EXPECT_TRUE(hold.owns_lock());
    ++stopped;
  };
  std::vector<thread> waiters;
  waiters.emplace_back(
      [&] { wait([&](auto& hold) { return changed.wait(hold, stop.get_token(), never); }); });
  waiters.emplace_back([&] {
    wait([&](auto& hold) { return changed.wait_for(hold, stop.get_token(), kLong, never); });
  });
  waiters.emplace_back([&] {
    wait([&](auto& hold) {
      return changed.wait_until(hold, stop.get_token(), steady_clock::now() + kLong, never);
    });
  });

  stop.request_stop();
  for (thread& waiter : waiters) waiter.join();

  EXPECT_EQ(stopped, 3);
}

// Each notification lets one waiter through a gate that is closed again behind it; a lost one would
// leave a token that nobody takes, and the test would not end.
TYPED_TEST(AnyCondition, LosesNoNotificationAmongHastyAndStoppedWaiters) {
  constexpr int kTokens = 1'000;
  recursive_mutex m;
  TypeParam changed;
  int tokens = 0;
  std::stop_source stop;
  std::vector<thread> hasty;
  for (int i = 0; i < 2; ++i) {
    hasty.emplace_back([&] {
      std::unique_lock hold(m);
      while (
          !changed.wait_for(hold, stop.get_token(), 1us, [&] { return stop.stop_requested(); })) {
      }
    });
  }
  thread patient([&] {
    for (int taken = 0; taken < kTokens; ++taken) {
      std::unique_lock hold(m);
      changed.wait(hold, [&] { return tokens > 0; });
      --tokens;
    }
  });

  for (int made = 0; made < kTokens; ++made) {
    {
      std::lock_guard hold(m);
      ++tokens;
    }
    changed.notify_all();
  }
  patient.join();
  stop.request_stop();
  for (thread& t : hasty) t.join();

  EXPECT_EQ(tokens, 0);
}

TYPED_TEST(AnyCondition, MayBeDestroyedOnceAllWaitersAreNotified) {
  for (int round = 0; round < 200; ++round) {
    mutex m;
    auto changed = std::make_unique<TypeParam>();
    bool waits = false;
    bool ready = false;
    thread waiter([&, &condition = *changed] {
      std::unique_lock hold(m);
      waits = true;
      while (!ready)
        condition.wait(hold);  // NOLINT(bugprone-infinite-loop): another thread sets it
    });

    std::unique_lock hold(m);
    while (!waits) {  // NOLINT(bugprone-infinite-loop)
      hold.unlock();
      sched_yield();
      hold.lock();
    }
    ready = true;
    changed->notify_all();
    changed.reset();
    hold.unlock();
    waiter.join();
  }
}

TEST(ConditionVariableAny, IsKnownByItsNameAsLongAsItLives) {
  g_constant_initialised.notify_all();
  std::optional<condition_variable_any> changed;
  changed.emplace("changed");
  const void* address = &*changed;

  EXPECT_EQ(RecordedName(address), "changed");
  changed.reset();
  EXPECT_EQ(RecordedName(address), std::nullopt);
}

TEST(ConditionVariableAny, WaitsByTheClockThatTheDeadlineIsOf) {
  mutex m;
  condition_variable_any changed;
  std::unique_lock hold(m);
  const auto time = SteppingClock::now() + 20ms;

  EXPECT_FALSE(changed.wait_until(hold, time, never));

  EXPECT_GE(SteppingClock::LastSeen(), time);
}

TEST(ConditionVariableAny, ServesAReaderOfASharedMutex) {
  shared_mutex m;
  condition_variable_any changed;
  bool ready = false;
  thread reader(thread_options{.name = "reader"}, [&] {
    std::shared_lock hold(m);
    changed.wait(hold, [&] { return ready; });
    EXPECT_EQ(HoldCount(OwnSlot(), &m), 1);
  });
  const recorder::ThreadSlot& slot = SlotOf("reader");
  AwaitWaiting(slot, &changed);

  EXPECT_EQ(slot.wait.kind, static_cast<uint8_t>(ResourceKind::kCondition));
  EXPECT_EQ(HoldCount(slot, &m), 0);
  {
    std::lock_guard hold(m);
    ready = true;
  }
  changed.notify_one();
  reader.join();
}

// The wait for the lock that a notified thread takes again is one for that lock, as any other.
TEST(ConditionVariableAny, ShowsWhoWaitsToTakeTheLockAgain) {
  mutex m;
  condition_variable_any changed;
  bool ready = false;
  thread waiter(thread_options{.name = "waiter"}, [&] {
    std::unique_lock hold(m);
    changed.wait(hold, [&] { return ready; });
  });
  const recorder::ThreadSlot& slot = SlotOf("waiter");
  AwaitWaiting(slot, &changed);

  std::unique_lock hold(m);
  ready = true;
  changed.notify_one();
  AwaitWaiting(slot, &m);

  EXPECT_EQ(slot.wait.kind, static_cast<uint8_t>(ResourceKind::kMutex));
  hold.unlock();
  waiter.join();
}

TEST(ConditionVariableAny, NotifiesOnlyWhoIsAskedToStop) {
  mutex m;
  condition_variable_any changed;
  std::stop_source stop;
  int wakings = 0;
  bool ready = false;
  thread patient(thread_options{.name = "patient"}, [&] {
    std::unique_lock hold(m);
    changed.wait(hold, [&] { return ++wakings, ready; });
  });
  AwaitWaiting(SlotOf("patient"), &changed);
  thread stopped(thread_options{.name = "stopped"}, [&] {
    std::unique_lock hold(m);
    EXPECT_FALSE(changed.wait(hold, stop.get_token(), never));
  });
  AwaitWaiting(SlotOf("stopped"), &changed);

  stop.request_stop();
  stopped.join();
  {
    std::lock_guard hold(m);
    ready = true;
  }
  changed.notify_one();
  patient.join();

  EXPECT_EQ(wakings, 2);
}

TEST(ConditionVariableAny, LetsAnInterruptedThreadGoWithTheLockHeldAgain) {
  mutex m;
  condition_variable_any changed;
  bool held = false;
  thread stopped(thread_options{.name = "stopped"}, [&] {
    std::unique_lock hold(m);
    try {
      changed.wait(hold, never);
    } catch (const interrupted&) {
      held = hold.owns_lock() && HoldCount(OwnSlot(), &m) == 1;
    }
  });
  AwaitWaiting(SlotOf("stopped"), &changed);

  stopped.interrupt();
  stopped.join();

  EXPECT_TRUE(held);
}

TEST(ConditionVariableAny, RemembersANotificationThatNobodyHeard) {
  condition_variable_any changed;

  changed.notify_one();
  EXPECT_EQ(OwnSlot().unheard, recorder::AddressOf(&changed));

  condition_variable_any other;
  other.notify_all();
  EXPECT_EQ(OwnSlot().unheard, recorder::AddressOf(&other));
}

}  // namespace
}  // namespace detect
