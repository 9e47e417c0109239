#include "libdetect/sync/synchronized.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "libdetect/sync/mutex.h"
#include "libdetect/sync/thread.h"

namespace detect {
namespace {

// Runs it in some threads at once, often in each.
template <typename F>
void RunContended(F f) {
  std::vector<thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&f] {
      for (int call = 0; call < 5000; ++call) f();
    });
  }
  for (thread& t : threads) t.join();
}

// Returns whether another thread could take the lock now.
bool IsFree(mutex& m) {
  bool taken = false;
  thread([&] {
    taken = m.try_lock();
    if (taken) m.unlock();
  }).join();
  return taken;
}

int g_counter = 0;
void IncrementGlobal() { ++g_counter; }

struct Account {
  int Deposit(int amount) { return balance += amount; }
  int balance = 0;
};

TEST(Synchronized, LetsOneCallInAtATime) {
  int counter = 0;
  auto increment = synchronized([](int& c) { ++c; });

  RunContended([&] { increment(counter); });

  EXPECT_EQ(counter, 20000);
}

TEST(Synchronized, WrapsAnythingThatCanBeCalled) {
  Account account;
  auto deposit = synchronized(&Account::Deposit);
  EXPECT_EQ(deposit(account, 5), 5);
  EXPECT_EQ(deposit(&account, 2), 7);

  auto increment = synchronized(IncrementGlobal);
  increment();
  EXPECT_EQ(g_counter, 1);

  auto take = synchronized([](std::unique_ptr<int> p) { return p; });
  EXPECT_EQ(*take(std::make_unique<int>(3)), 3);

  const auto constant = synchronized([](int i) { return i + 1; });
  EXPECT_EQ(constant(1), 2);

  auto counting = synchronized([count = 0]() mutable { return ++count; });
  counting();
  EXPECT_EQ(counting(), 2);
}

TEST(Synchronized, ReturnsReferencesAsSuch) {
  int value = 1;
  auto identity = synchronized([](int& i) -> int& { return i; });

  identity(value) = 2;

  EXPECT_EQ(value, 2);
}

TEST(Synchronized, LetsACallRecurse) {
  std::function<int(int)> factorial;
  factorial = synchronized([&](int n) { return n == 0 ? 1 : n * factorial(n - 1); });

  EXPECT_EQ(factorial(5), 120);
}

TEST(Synchronized, SharesALockThatIsPassedIn) {
  mutex m;
  int counter = 0;
  auto increment = synchronized([&] { ++counter; }, m);
  auto decrement = synchronized([&] { --counter; }, m);
  auto is_held = synchronized([&] { return !IsFree(m); }, m);

  RunContended([&] {
    increment();
    decrement();
  });

  EXPECT_EQ(counter, 0);
  EXPECT_TRUE(is_held());
  EXPECT_TRUE(IsFree(m));
}

TEST(Synchronized, ReleasesTheLockWhenACallThrows) {
  mutex m;
  auto fail = synchronized([] { throw std::runtime_error("no"); }, m);

  EXPECT_THROW(fail(), std::runtime_error);

  EXPECT_TRUE(IsFree(m));
}

TEST(Synchronized, ExcludesTheCallsOfACopy) {
  int counter = 0;
  const auto increment = synchronized([&] { ++counter; });

  RunContended([increment] { increment(); });

  EXPECT_EQ(counter, 20000);
}

}  // namespace
}  // namespace detect
