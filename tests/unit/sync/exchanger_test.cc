#include "libdetect/sync/exchanger.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"
#include "tests/unit/sync/stepping_clock.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaiting;
using ::detect::testing::RecordedName;
using ::detect::testing::SlotOf;
using ::detect::testing::SteppingClock;
using std::chrono::steady_clock;

constexpr auto kLong = 10min;  // never waited for in full
constexpr auto kShort = 5ms;

constinit exchanger<std::unique_ptr<int>> g_constant_initialised;

TEST(Exchanger, GivesEachOfTwoThreadsWhatTheOtherBrought) {
  exchanger<std::unique_ptr<int>>& point = g_constant_initialised;
  std::unique_ptr<int> other_got;
  thread other([&] { other_got = point.exchange(std::make_unique<int>(1)); });

  const std::unique_ptr<int> got = point.exchange(std::make_unique<int>(2));
  other.join();

  EXPECT_EQ(*got, 1);
  EXPECT_EQ(*other_got, 2);
}

// Each round all values change hands among threads, and none is lost or doubled.
TEST(Exchanger, KeepsEveryValueAmongManyThreads) {
  constexpr int kThreads = 6;
  constexpr int kRounds = 2'000;
  exchanger<int> point;
  std::vector<int> values(kThreads);
  std::vector<thread> threads;

  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      int value = 1 << i;
      // The last to come would have no partner: nobody waits for ever.
      for (int round = 0; round < kRounds; ++round) {
        if (std::optional<int> got = point.try_exchange_for(value, 100us)) value = *got;
      }
      values[i] = value;
    });
  }
  for (thread& t : threads) t.join();

  int all = 0;
  for (int value : values) all |= value;
  EXPECT_EQ(all, (1 << kThreads) - 1);
}

TEST(Exchanger, KeepsTheValueOfWhomNobodyMeetsInTime) {
  exchanger<std::unique_ptr<int>> point;
  auto value = std::make_unique<int>(7);

  const auto steady = steady_clock::now() + kShort;
  EXPECT_EQ(point.try_exchange_for(value, kShort), std::nullopt);
  EXPECT_GE(steady_clock::now(), steady);

  const auto stepping = SteppingClock::now() + 20ms;
  EXPECT_EQ(point.try_exchange_until(value, stepping), std::nullopt);
  EXPECT_GE(SteppingClock::LastSeen(), stepping);

  EXPECT_EQ(point.try_exchange_for(value, -1s), std::nullopt);
  EXPECT_EQ(*value, 7);
}

TEST(Exchanger, MeetsAPartnerThatComesInTime) {
  exchanger<std::string> point;
  std::string got;
  thread early(thread_options{.name = "early"}, [&] {
    std::string value = "early";
    got = point.try_exchange_for(value, kLong).value_or("nobody");
  });
  AwaitWaiting(SlotOf("early"), &point);

  std::string value = "late";
  EXPECT_EQ(point.try_exchange_for(value, -1s), "early");
  early.join();

  EXPECT_EQ(got, "late");
}

TEST(Exchanger, ShowsWhoWaitsForAPartner) {
  std::optional<exchanger<int>> point;
  point.emplace("buffers");
  EXPECT_EQ(RecordedName(&*point), "buffers");
  thread early(thread_options{.name = "early"}, [&] { EXPECT_EQ(point->exchange(1), 2); });
  const recorder::ThreadSlot& slot = SlotOf("early");

  AwaitWaiting(slot, &*point);

  EXPECT_EQ(slot.wait.kind, static_cast<uint8_t>(ResourceKind::kExchange));
  EXPECT_FALSE(slot.wait.has_deadline);
  EXPECT_EQ(point->exchange(2), 1);
  early.join();
}

TEST(Exchanger, ForgetsAnInterruptedThread) {
  exchanger<int> point;
  bool was_interrupted = false;
  thread stopped(thread_options{.name = "stopped"}, [&] {
    try {
      point.exchange(1);
    } catch (const interrupted&) {
      was_interrupted = true;
    }
  });
  AwaitWaiting(SlotOf("stopped"), &point);

  stopped.interrupt();
  stopped.join();
  EXPECT_TRUE(was_interrupted);

  thread other([&] { EXPECT_EQ(point.exchange(2), 3); });
  EXPECT_EQ(point.exchange(3), 2);
  other.join();
}

// The interruption comes at about the time at which the partner does: either both exchange, or the
// partner finds nobody.
TEST(Exchanger, IsOverForBothOrForNeither) {
  for (int round = 0; round < 200; ++round) {
    exchanger<int> point;
    bool was_interrupted = false;
    int stopped_got = 0;
    thread stopped([&] {
      try {
        stopped_got = point.exchange(1);
      } catch (const interrupted&) {
        was_interrupted = true;
      }
    });
    std::optional<int> partner_got;
    thread partner([&] {
      int value = 2;
      partner_got = point.try_exchange_for(value, 1ms);
    });

    stopped.interrupt();
    stopped.join();
    partner.join();

    EXPECT_EQ(partner_got.has_value(), !was_interrupted);
    EXPECT_EQ(stopped_got, was_interrupted ? 0 : 2);
  }
}

}  // namespace
}  // namespace detect
