#include "libdetect/sync/condition_variable.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

constinit condition_variable g_constant_initialised;

TEST(ConditionVariable, IsKnownByItsNameAsLongAsItLives) {
  std::optional<condition_variable> changed;
  changed.emplace("changed");
  const void* address = &*changed;

  EXPECT_EQ(RecordedName(address), "changed");
  changed.reset();
  EXPECT_EQ(RecordedName(address), std::nullopt);
}

TEST(ConditionVariable, DoesNotWaitForWhatIsTrueAlready) {
  mutex m;
  condition_variable& changed = g_constant_initialised;
  std::unique_lock hold(m);

  changed.wait(hold, [] { return true; });
  EXPECT_TRUE(changed.wait_for(hold, -1s, [] { return true; }));
  EXPECT_TRUE(changed.wait_until(hold, system_clock::time_point::min(), [] { return true; }));

  EXPECT_TRUE(hold.owns_lock());
}

TEST(ConditionVariable, TimesOutNoEarlierThanItsDeadlineAndHoldsTheMutexAgain) {
  mutex m;
  condition_variable changed;
  std::unique_lock hold(m);
  const auto never = [] { return false; };

  const auto steady = steady_clock::now() + kShort;
  EXPECT_FALSE(changed.wait_for(hold, kShort, never));
  EXPECT_GE(steady_clock::now(), steady);

  const auto system = system_clock::now() + kShort;
  EXPECT_FALSE(changed.wait_until(hold, system, never));
  EXPECT_GE(system_clock::now(), system);

  const auto stepping = SteppingClock::now() + 20ms;
  EXPECT_FALSE(changed.wait_until(hold, stepping, never));
  EXPECT_GE(SteppingClock::LastSeen(), stepping);

  EXPECT_EQ(changed.wait_for(hold, -1s), cv_status::timeout);
  EXPECT_EQ(HoldCount(OwnSlot(), &m), 1);
  bool free_elsewhere = true;
  thread([&] { free_elsewhere = m.try_lock(); }).join();
  EXPECT_FALSE(free_elsewhere);
}

TEST(ConditionVariable, PassesAValueFromOneThreadToAnother) {
  mutex m;
  condition_variable changed;
  std::optional<int> value;
  int received = 0;
  thread receiver(thread_options{.name = "receiver"}, [&] {
    std::unique_lock hold(m);
    changed.wait(hold, [&] { return value.has_value(); });
    received = *value;
  });
  AwaitWaiting(SlotOf("receiver"), &changed);

  {
    std::lock_guard hold(m);
    value = 42;
  }
  changed.notify_one();
  receiver.join();

  EXPECT_EQ(received, 42);
}

TEST(ConditionVariable, IsNotifiedInTimeWhateverTheClock) {
  const auto notified_in_time = [](auto wait) {
    mutex m;
    condition_variable changed;
    bool ready = false;
    bool in_time = false;
    thread waiter(thread_options{.name = "waiter"}, [&] {
      std::unique_lock hold(m);
      in_time = wait(changed, hold, [&] { return ready; });
    });
    AwaitWaiting(SlotOf("waiter"), &changed);
    {
      std::lock_guard hold(m);
      ready = true;
    }
    changed.notify_all();
    waiter.join();
    return in_time;
  };

  EXPECT_TRUE(notified_in_time(
      [](auto& changed, auto& hold, auto ready) { return changed.wait_for(hold, kLong, ready); }));
  EXPECT_TRUE(notified_in_time([](auto& changed, auto& hold, auto ready) {
    return changed.wait_for(hold, std::chrono::hours::max(), ready);
  }));
  EXPECT_TRUE(notified_in_time([](auto& changed, auto& hold, auto ready) {
    return changed.wait_until(hold, system_clock::now() + kLong, ready);
  }));
  EXPECT_TRUE(notified_in_time([](auto& changed, auto& hold, auto ready) {
    return changed.wait_until(hold, SteppingClock::now() + kLong, ready);
  }));
}

TEST(ConditionVariable, WakesAllWhoWait) {
  constexpr int kWaiters = 8;
  mutex m;
  condition_variable changed;
  bool go = false;
  int awake = 0;
  std::vector<thread> waiters;
  for (int i = 0; i < kWaiters; ++i) {
    const std::string name = "waiter " + std::to_string(i);
    waiters.emplace_back(thread_options{.name = name}, [&] {
      std::unique_lock hold(m);
      changed.wait(hold, [&] { return go; });
      ++awake;
    });
    AwaitWaiting(SlotOf(name), &changed);
  }

  {
    std::lock_guard hold(m);
    go = true;
  }
  changed.notify_all();
  for (thread& waiter : waiters) waiter.join();

  EXPECT_EQ(awake, kWaiters);
}

TEST(ConditionVariable, ShowsWhatItWaitsForAndWhichMutexItTakesAgain) {
  mutex m;
  condition_variable changed;
  bool ready = false;
  thread waiter(thread_options{.name = "waiter"}, [&] {
    std::unique_lock hold(m);
    changed.wait(hold, [&] { return ready; });
    EXPECT_EQ(HoldCount(OwnSlot(), &m), 1);
  });
  const recorder::ThreadSlot& slot = SlotOf("waiter");
  AwaitWaiting(slot, &changed);

  // Taken while the other one waits, and notified: now it waits to take the mutex again.
  std::unique_lock hold(m);
  ready = true;
  changed.notify_one();

  EXPECT_EQ(slot.wait.kind, static_cast<uint8_t>(ResourceKind::kCondition));
  EXPECT_EQ(slot.wait.resource, recorder::AddressOf(&changed));
  EXPECT_EQ(slot.wait.relock, recorder::AddressOf(&m));
  EXPECT_EQ(slot.wait_sequence & 1, 1u);
  EXPECT_EQ(HoldCount(slot, &m), 0);
  hold.unlock();
  waiter.join();
}

// Each notification lets one waiter through a gate that is closed again behind it; a lost one would
// leave a token that nobody takes, and the test would not end.
TEST(ConditionVariable, LosesNoNotificationAmongManyNotifiersAndWaiters) {
  constexpr int kNotifiers = 4;
  constexpr int kWaiters = 4;
  constexpr int kTokens = 2'000;  // of each notifier
  mutex m;
  condition_variable changed;
  int tokens = 0;
  std::vector<thread> threads;

  for (int i = 0; i < kWaiters; ++i) {
    threads.emplace_back([&] {
      for (int taken = 0; taken < kTokens * kNotifiers / kWaiters; ++taken) {
        std::unique_lock hold(m);
        changed.wait(hold, [&] { return tokens > 0; });
        --tokens;
      }
    });
  }
  for (int i = 0; i < kNotifiers; ++i) {
    threads.emplace_back([&] {
      for (int made = 0; made < kTokens; ++made) {
        {
          std::lock_guard hold(m);
          ++tokens;
        }
        changed.notify_one();
      }
    });
  }
  for (thread& t : threads) t.join();

  EXPECT_EQ(tokens, 0);
}

// As above, with waiters that give up and come back: theirs must not be the notification that is
// lost.
TEST(ConditionVariable, LosesNoNotificationToAWaiterThatTimesOut) {
  constexpr int kTokens = 500;
  mutex m;
  condition_variable changed;
  int tokens = 0;
  bool done = false;
  std::vector<thread> hasty;
  for (int i = 0; i < 3; ++i) {
    hasty.emplace_back([&] {
      std::unique_lock hold(m);
      while (!done) changed.wait_for(hold, 1us);
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
  {
    std::lock_guard hold(m);
    done = true;
  }
  for (thread& t : hasty) t.join();

  EXPECT_EQ(tokens, 0);
}

TEST(ConditionVariable, MayBeDestroyedOnceAllWaitersAreNotified) {
  for (int round = 0; round < 200; ++round) {
    mutex m;
    auto changed = std::make_unique<condition_variable>();
    bool ready = false;
    const std::string name = "waiter " + std::to_string(round);
    thread waiter(thread_options{.name = name}, [&, &condition = *changed] {
      std::unique_lock hold(m);
      while (!ready) condition.wait(hold);
    });
    AwaitWaiting(SlotOf(name), changed.get());

    {
      std::lock_guard hold(m);
      ready = true;
      changed->notify_all();
      changed.reset();
    }
    waiter.join();
  }
}

TEST(ConditionVariable, RemembersANotificationThatNobodyHeard) {
  mutex m;
  condition_variable heard, unheard;
  bool ready = false;
  thread waiter(thread_options{.name = "waiter"}, [&] {
    std::unique_lock hold(m);
    heard.wait(hold, [&] { return ready; });
  });
  AwaitWaiting(SlotOf("waiter"), &heard);
  {
    std::lock_guard hold(m);
    ready = true;
  }

  unheard.notify_one();
  heard.notify_one();
  EXPECT_EQ(OwnSlot().unheard, recorder::AddressOf(&unheard));
  EXPECT_NE(OwnSlot().unheard_site, 0u);
  waiter.join();

  heard.notify_all();
  EXPECT_EQ(OwnSlot().unheard, recorder::AddressOf(&heard));
}

}  // namespace
}  // namespace detect
