#include "libdetect/sync/timed_mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
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
using ::detect::testing::SlotOf;
using ::detect::testing::SteppingClock;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// Never waited for in full.
constexpr auto kLong = 10min;
constexpr auto kShort = 5ms;

constinit timed_mutex g_constant_initialised;

using Try = std::function<bool(timed_mutex&)>;

// Returns what `attempt` gives in another thread while the caller holds the lock throughout.
bool TryWhileHeld(const Try& attempt) {
  timed_mutex m;
  std::lock_guard hold(m);
  bool taken = false;
  thread([&] { taken = attempt(m); }).join();
  return taken;
}

// Returns what `attempt` gives in another thread once the caller, who holds the lock, lets it go.
bool TryUntilReleased(const Try& attempt) {
  timed_mutex m;
  m.lock();
  bool taken = false;
  thread trier(thread_options{.name = "trier"}, [&] {
    taken = attempt(m);
    if (taken) m.unlock();
  });
  AwaitWaiting(SlotOf("trier"), &m);
  m.unlock();
  trier.join();
  return taken;
}

TEST(TimedMutex, TakesAFreeLockWhateverTheDeadline) {
  timed_mutex& m = g_constant_initialised;
  const std::vector<Try> attempts = {
      [](timed_mutex& m) { return m.try_lock_for(-1s); },
      [](timed_mutex& m) { return m.try_lock_for(0s); },
      [](timed_mutex& m) { return m.try_lock_for(1s); },
      [](timed_mutex& m) { return m.try_lock_until(system_clock::time_point::min()); },
      [](timed_mutex& m) { return m.try_lock_until(SteppingClock::time_point(0ms)); },
  };

  for (const Try& attempt : attempts) {
    ASSERT_TRUE(attempt(m));
    EXPECT_EQ(HoldCount(OwnSlot(), &m), 1);
    m.unlock();
    EXPECT_EQ(HoldCount(OwnSlot(), &m), 0);
  }
}

TEST(TimedMutex, GivesUpAtOnceWhenTheDeadlineHasPassed) {
  EXPECT_FALSE(TryWhileHeld([](timed_mutex& m) { return m.try_lock_for(-1s); }));
  EXPECT_FALSE(TryWhileHeld([](timed_mutex& m) { return m.try_lock_for(0s); }));
  EXPECT_FALSE(TryWhileHeld(
      [](timed_mutex& m) { return m.try_lock_until(system_clock::time_point::min()); }));
}

TEST(TimedMutex, GivesUpNoEarlierThanItsDeadline) {
  const auto steady = steady_clock::now() + kShort;
  EXPECT_FALSE(TryWhileHeld([&](timed_mutex& m) { return m.try_lock_for(kShort); }));
  EXPECT_GE(steady_clock::now(), steady);

  const auto system = system_clock::now() + kShort;
  EXPECT_FALSE(TryWhileHeld([&](timed_mutex& m) { return m.try_lock_until(system); }));
  EXPECT_GE(system_clock::now(), system);
}

TEST(TimedMutex, WaitsByTheClockThatTheDeadlineIsOf) {
  const auto time = SteppingClock::now() + 20ms;

  EXPECT_FALSE(TryWhileHeld([&](timed_mutex& m) { return m.try_lock_until(time); }));

  EXPECT_GE(SteppingClock::LastSeen(), time);
}

TEST(TimedMutex, TakesALockThatIsReleasedInTime) {
  EXPECT_TRUE(TryUntilReleased([](timed_mutex& m) { return m.try_lock_for(kLong); }));
  EXPECT_TRUE(
      TryUntilReleased([](timed_mutex& m) { return m.try_lock_for(std::chrono::hours::max()); }));
  EXPECT_TRUE(TryUntilReleased(
      [](timed_mutex& m) { return m.try_lock_until(steady_clock::now() + kLong); }));
  EXPECT_TRUE(TryUntilReleased(
      [](timed_mutex& m) { return m.try_lock_until(system_clock::now() + kLong); }));
  EXPECT_TRUE(TryUntilReleased(
      [](timed_mutex& m) { return m.try_lock_until(SteppingClock::now() + kLong); }));
}

TEST(TimedMutex, SaysThatItsWaitHasADeadline) {
  timed_mutex m{"timed"};
  m.lock();
  thread patient(thread_options{.name = "patient"}, [&] { std::lock_guard hold(m); });
  thread hasty(thread_options{.name = "hasty"}, [&] {
    if (m.try_lock_for(kLong)) m.unlock();
  });
  const recorder::ThreadSlot& patient_slot = SlotOf("patient");
  const recorder::ThreadSlot& hasty_slot = SlotOf("hasty");

  AwaitWaiting(patient_slot, &m);
  AwaitWaiting(hasty_slot, &m);

  EXPECT_FALSE(patient_slot.wait.has_deadline);
  EXPECT_TRUE(hasty_slot.wait.has_deadline);
  m.unlock();
  patient.join();
  hasty.join();
}

TEST(TimedMutex, ServesOthersAfterOneGaveUp) {
  timed_mutex m;
  m.lock();
  bool served = false;
  thread patient(thread_options{.name = "patient"}, [&] {
    std::lock_guard hold(m);
    served = true;
  });
  AwaitWaiting(SlotOf("patient"), &m);
  thread([&] { EXPECT_FALSE(m.try_lock_for(kShort)); }).join();

  m.unlock();
  patient.join();

  EXPECT_TRUE(served);
}

}  // namespace
}  // namespace detect
