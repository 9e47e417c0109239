#include "libdetect/sync/guarded.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "libdetect/sync/sync.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::HoldCount;
using ::detect::testing::MisuseLog;
using ::detect::testing::OwnSlot;

// Returns how often unguarded access is reported for `use`.
template <typename F>
size_t CountIn(F use) {
  const MisuseLog log;
  use();
  return log.Of(Misuse::kUnguarded).size();
}

TEST(Guarded, MakesItsValueFromItsArguments) {
  guarded<std::vector<int>> none;
  guarded<std::vector<int>> three(3, 7);
  guarded<std::unique_ptr<int>> unique(std::make_unique<int>(5));

  EXPECT_TRUE(none.lock()->empty());
  EXPECT_EQ(*three.lock(), std::vector<int>({7, 7, 7}));
  EXPECT_EQ(**unique.lock(), 5);
  static_assert(!std::is_copy_constructible_v<guarded<int>>);
}

TEST(Guarded, HoldsTheLockAsLongAsTheAccessLives) {
  guarded<int> value(1);
  EXPECT_EQ(OwnSlot().depth, 0u);

  {
    auto access = value.lock();
    EXPECT_EQ(OwnSlot().depth, 1u);
    *access += 1;
    auto moved = std::move(access);
    EXPECT_EQ(OwnSlot().depth, 1u);
    *moved += 1;
  }

  EXPECT_EQ(OwnSlot().depth, 0u);
  EXPECT_EQ(*value.lock(), 3);
}

TEST(Guarded, CallsWithTheLockHeld) {
  guarded<int> value(1);

  const int doubled = value.with([](int& v) {
    EXPECT_EQ(OwnSlot().depth, 1u);
    return v *= 2;
  });

  EXPECT_EQ(doubled, 2);
  EXPECT_EQ(OwnSlot().depth, 0u);
}

TEST(Guarded, ReleasesTheLockWhenACallThrows) {
  guarded<int> value;

  EXPECT_THROW(value.with([](int&) { throw 1; }), int);

  EXPECT_EQ(OwnSlot().depth, 0u);
}

TEST(Guarded, GivesAConstantValueWhereItIsConstant) {
  const guarded<std::string> name("detect");

  static_assert(std::is_same_v<decltype(*name.lock()), const std::string&>);
  EXPECT_EQ(name.lock()->size(), 6u);
  EXPECT_EQ(name.with([](const std::string& n) { return n.size(); }), 6u);
}

TEST(Guarded, IsSharedByReadersWhereItsLockIs) {
  const guarded<int, shared_mutex> value(4);

  auto first = value.lock_shared();
  auto second = value.lock_shared();

  static_assert(std::is_same_v<decltype(*first), const int&>);
  EXPECT_EQ(*first + *second, 8);
}

TEST(Guarded, ExcludesOneThreadFromAnothersUse) {
  guarded<int> counter(0);
  const auto increment = [&] {
    for (int i = 0; i < 5000; ++i) ++*counter.lock();
  };

  thread one(increment), other(increment);
  one.join();
  other.join();

  EXPECT_EQ(*counter.lock(), 10000);
}

TEST(Guarded, CanBeWaitedForWithACondition) {
  guarded<bool> ready(false);
  condition_variable changed;
  thread setter([&] {
    *ready.lock() = true;
    changed.notify_one();
  });

  auto access = ready.lock();
  changed.wait(access.hold(), [&] { return *access; });

  EXPECT_TRUE(*access);
  setter.join();
}

TEST(Guarded, GivesItsLockANameAndARank) {
  guarded<int> accounts(std::piecewise_construct, std::make_tuple("accounts", lock_rank{3}),
                        std::make_tuple(8));

  auto access = accounts.lock();

  EXPECT_EQ(*access, 8);
  EXPECT_EQ(testing::RecordedName(access.hold().mutex()), "accounts");
}

TEST(Guarded, ReportsAccessWithoutTheLock) {
  guarded<int> value(1);
  const void* lock = value.lock().hold().mutex();
  const MisuseLog log;

  value.unguarded() = 2;

  ASSERT_EQ(log.Of(Misuse::kUnguarded).size(), 1u);
  EXPECT_EQ(log.Of(Misuse::kUnguarded)[0]->resource, recorder::AddressOf(lock));
  EXPECT_EQ(log.Of(Misuse::kUnguarded)[0]->thread, OwnSlot().number);
  EXPECT_EQ(*value.lock(), 2);
}

TEST(Guarded, ReportsNothingWhereTheCallerHoldsTheLock) {
  guarded<int> value(1);
  const guarded<int, shared_mutex> shared(1);

  EXPECT_EQ(CountIn([&] {
              auto access = value.lock();
              value.unguarded() = 2;
            }),
            0u);
  EXPECT_EQ(CountIn([&] {
              auto access = shared.lock_shared();
              EXPECT_EQ(shared.unguarded(), 1);
            }),
            0u);
}

TEST(Guarded, ReportsAccessWhileAnotherThreadHoldsTheLock) {
  guarded<int, shared_mutex> value(1);
  const MisuseLog log;

  {
    auto access = value.lock();
    thread([&] { value.unguarded() = 2; }).join();
  }

  ASSERT_EQ(log.Of(Misuse::kUnguarded).size(), 1u);
  EXPECT_EQ(log.Of(Misuse::kUnguarded)[0]->kind, static_cast<uint8_t>(ResourceKind::kRwLock));
}

}  // namespace
}  // namespace detect
