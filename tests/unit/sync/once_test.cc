#include "libdetect/sync/once.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

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

constinit once_flag g_constant_initialised;

// What the standard's own promises, too. Which call_once is meant, the flag says.
template <typename Flag>
class AnyOnce : public ::testing::Test {};

// ThreadSanitizer hangs in std::call_once where the callable throws.
#ifdef __SANITIZE_THREAD__
using Flags = ::testing::Types<once_flag>;
#else
using Flags = ::testing::Types<std::once_flag, once_flag>;
#endif
TYPED_TEST_SUITE(AnyOnce, Flags);

TYPED_TEST(AnyOnce, CanBeNeitherCopiedNorMoved) {
  static_assert(std::is_default_constructible_v<TypeParam>);
  static_assert(!std::is_copy_constructible_v<TypeParam>);
  static_assert(!std::is_copy_assignable_v<TypeParam>);
}

TYPED_TEST(AnyOnce, RunsTheFirstCallAlone) {
  TypeParam flag;
  std::string made;
  const auto make = [&](const std::string& what, std::unique_ptr<int> moved) {
    made += what + std::to_string(*moved);
  };

  call_once(flag, make, "first", std::make_unique<int>(1));
  call_once(flag, make, "second", std::make_unique<int>(2));

  EXPECT_EQ(made, "first1");
}

TYPED_TEST(AnyOnce, ShowsAllCallersWhatItsOneRunHasMade) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    TypeParam flag;
    int made = 0;  // plain: the flag is all that orders its users
    std::atomic<int> wrong = 0;
    std::vector<thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        call_once(flag, [&] { ++made; });
        if (made != 1) ++wrong;
      });
    }
    for (thread& t : threads) t.join();
    ASSERT_EQ(wrong, 0);
  }
}

TYPED_TEST(AnyOnce, LetsTheNextCallerTryAfterAnException) {
  TypeParam flag;
  int tries = 0;
  const auto fail_twice = [&] {
    if (++tries < 3) throw std::runtime_error("not yet");
  };

  EXPECT_THROW(call_once(flag, fail_twice), std::runtime_error);
  EXPECT_THROW(call_once(flag, fail_twice), std::runtime_error);
  call_once(flag, fail_twice);
  call_once(flag, fail_twice);

  EXPECT_EQ(tries, 3);
}

TEST(Once, IsKnownByItsNameAsLongAsItLives) {
  std::optional<once_flag> flag;
  flag.emplace("tables");
  const void* address = &*flag;

  EXPECT_EQ(RecordedName(address), "tables");
  flag.reset();
  EXPECT_EQ(RecordedName(address), std::nullopt);
}

TEST(Once, IsOwnedByWhoeverRunsTheInitialiser) {
  once_flag& flag = g_constant_initialised;

  call_once(flag, [&] {
    ASSERT_EQ(HoldCount(OwnSlot(), &flag), 1);
    EXPECT_EQ(DetailsOf(OwnSlot().holds[0]).kind, ResourceKind::kOnce);
    EXPECT_EQ(DetailsOf(OwnSlot().holds[0]).mode, AccessMode::kExclusive);
  });

  EXPECT_EQ(HoldCount(OwnSlot(), &flag), 0);
}

TEST(Once, IsOwnedByNobodyAfterAnException) {
  once_flag flag;

  EXPECT_THROW(call_once(flag, [] { throw std::runtime_error("failed"); }), std::runtime_error);

  EXPECT_EQ(HoldCount(OwnSlot(), &flag), 0);
}

TEST(Once, LetsAWaitingCallerTryAfterAnException) {
  once_flag flag;
  bool second_ran = false;
  thread second;

  const auto fail_once_awaited = [&] {
    second = thread(thread_options{.name = "second"},
                    [&] { call_once(flag, [&] { second_ran = true; }); });
    AwaitWaiting(SlotOf("second"), &flag);
    throw std::runtime_error("failed");
  };
  EXPECT_THROW(call_once(flag, fail_once_awaited), std::runtime_error);
  second.join();

  EXPECT_TRUE(second_ran);
}

TEST(Once, ShowsWhoWaitsAndForWhom) {
  once_flag flag;
  thread waiter;

  call_once(flag, [&] {
    waiter = thread(thread_options{.name = "waiter"}, [&] { call_once(flag, [] {}); });
    const recorder::ThreadSlot& slot = SlotOf("waiter");
    AwaitWaiting(slot, &flag);
    EXPECT_EQ(slot.wait.kind, static_cast<uint8_t>(ResourceKind::kOnce));
    EXPECT_EQ(slot.wait.owner_tid, OwnSlot().tid);
  });
  waiter.join();
}

}  // namespace
}  // namespace detect
