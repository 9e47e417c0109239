#include "libdetect/tasks/future.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/thread.h"
#include "tests/unit/sync/stepping_clock.h"
#include "tests/unit/tasks/waiting.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaitingForA;
using ::detect::testing::NamedThread;
using ::detect::testing::SteppingClock;

// Never waited for in full.
constexpr auto kLong = 10min;
constexpr auto kShort = 5ms;

template <typename Call>
std::error_code ErrorOf(Call call) {
  try {
    call();
  } catch (const future_error& error) {
    return error.code();
  }
  return {};
}

TEST(Future, PassesAValueAReferenceNothingAndAnException) {
  promise<std::unique_ptr<int>> value;
  promise<std::string&> reference;
  promise<void> nothing;
  promise<int> failure;
  std::string text = "before";

  value.set_value(std::make_unique<int>(42));
  reference.set_value(text);
  nothing.set_value();
  failure.set_exception(std::make_exception_ptr(std::runtime_error("no")));

  EXPECT_EQ(*value.get_future().get(), 42);
  reference.get_future().get() = "after";
  EXPECT_EQ(text, "after");
  EXPECT_NO_THROW(nothing.get_future().get());
  EXPECT_THROW(failure.get_future().get(), std::runtime_error);
}

TEST(Future, WakesAllWhoWaitForIt) {
  promise<int> answer;
  const shared_future<int> shared = answer.get_future().share();
  int first = 0;
  int second = 0;
  thread one = NamedThread("one", [&first, shared] { first = shared.get(); });
  thread two = NamedThread("two", [&second, shared] { second = shared.get(); });
  AwaitWaitingForA(ResourceKind::kFuture, "one");
  AwaitWaitingForA(ResourceKind::kFuture, "two");

  answer.set_value(42);
  one.join();
  two.join();

  EXPECT_EQ(first, 42);
  EXPECT_EQ(second, 42);
}

TEST(Future, IsValidUntilItsResultIsTakenOrItIsMoved) {
  promise<int> answer;
  future<int> result = answer.get_future();
  EXPECT_TRUE(result.valid());

  future<int> moved = std::move(result);
  EXPECT_FALSE(result.valid());  // NOLINT(bugprone-use-after-move): moved from is empty
  answer.set_value(1);
  moved.get();
  EXPECT_FALSE(moved.valid());

  for (const future<int>* invalid : {&result, &moved}) {
    EXPECT_EQ(ErrorOf([&] { invalid->wait(); }), future_errc::no_state);
    EXPECT_EQ(ErrorOf([&] { invalid->wait_for(0s); }), future_errc::no_state);
    EXPECT_EQ(ErrorOf([&] { invalid->cancel(); }), future_errc::no_state);
  }
  EXPECT_EQ(ErrorOf([&] { moved.get(); }), future_errc::no_state);
}

TEST(Future, IsNoLongerValidOnceItsExceptionIsTaken) {
  future<int> failed = make_exceptional_future<int>(std::logic_error("no"));

  EXPECT_THROW(failed.get(), std::logic_error);

  EXPECT_FALSE(failed.valid());
}

TEST(Future, StaysValidWhenItIsShared) {
  shared_future<int> shared = make_ready_future(7).share();

  EXPECT_EQ(shared.get(), 7);
  EXPECT_EQ(shared.get(), 7);
  EXPECT_EQ(&shared.get(), &shared.get());
  EXPECT_FALSE(shared_future<int>().valid());
}

TEST(Future, TimesOutUntilItIsReady) {
  promise<void> done;
  future<void> result = done.get_future();
  const auto stepping = SteppingClock::now() + 20ms;

  EXPECT_EQ(result.wait_for(-1s), future_status::timeout);
  EXPECT_EQ(result.wait_for(kShort), future_status::timeout);
  EXPECT_EQ(result.wait_until(std::chrono::system_clock::now() + kShort), future_status::timeout);
  EXPECT_EQ(result.wait_until(stepping), future_status::timeout);
  EXPECT_GE(SteppingClock::LastSeen(), stepping);

  done.set_value();
  EXPECT_EQ(result.wait_for(-1s), future_status::ready);
  EXPECT_EQ(result.wait_until(SteppingClock::now() + kLong), future_status::ready);
}

TEST(Future, IsInterruptedAndStaysValid) {
  promise<int> answer;
  future<int> result = answer.get_future();
  bool was_interrupted = false;
  thread waiter = NamedThread("waiter", [&] {
    try {
      result.get();
    } catch (const interrupted&) {
      was_interrupted = true;
    }
  });
  AwaitWaitingForA(ResourceKind::kFuture, "waiter");

  waiter.interrupt();
  waiter.join();

  EXPECT_TRUE(was_interrupted);
  answer.set_value(3);
  EXPECT_EQ(result.get(), 3);
}

TEST(Future, OfAPromiseCannotBeCancelled) {
  promise<int> answer;
  future<int> result = answer.get_future();

  EXPECT_FALSE(result.cancel());

  answer.set_value(5);
  EXPECT_EQ(result.get(), 5);
}

TEST(Promise, IsKeptOnce) {
  promise<int> answer;
  answer.set_value(1);

  EXPECT_EQ(ErrorOf([&] { answer.set_value(2); }), future_errc::promise_already_satisfied);
  EXPECT_EQ(ErrorOf([&] { answer.set_exception(nullptr); }),
            future_errc::promise_already_satisfied);

  EXPECT_EQ(answer.get_future().get(), 1);
}

TEST(Promise, GivesOneFuture) {
  promise<int> answer;
  const future<int> result = answer.get_future();

  EXPECT_EQ(ErrorOf([&] { (void)answer.get_future(); }), future_errc::future_already_retrieved);

  EXPECT_TRUE(result.valid());
}

TEST(Promise, HasNoStateOnceItIsMoved) {
  promise<int> answer;
  future<int> result = answer.get_future();

  promise<int> moved = std::move(answer);

  // NOLINTNEXTLINE(bugprone-use-after-move): moved from has no state
  EXPECT_EQ(ErrorOf([&] { answer.set_value(1); }), future_errc::no_state);
  EXPECT_EQ(ErrorOf([&] { (void)answer.get_future(); }), future_errc::no_state);
  moved.set_value(2);
  EXPECT_EQ(result.get(), 2);
}

TEST(Promise, IsBrokenWhenItEndsUnkept) {
  std::optional<promise<int>> answer(std::in_place);
  // Shared, so that the exception outlives the waiter: ThreadSanitizer does not see how the
  // standard library counts the references to it.
  const shared_future<int> result = answer->get_future().share();
  thread waiter = NamedThread(
      "waiter", [&] { EXPECT_EQ(ErrorOf([&] { result.get(); }), future_errc::broken_promise); });
  AwaitWaitingForA(ResourceKind::kFuture, "waiter");

  answer.reset();

  waiter.join();
}

TEST(Promise, IsBrokenByAnAssignmentAndTakesOverTheOther) {
  promise<int> first;
  promise<int> second;
  future<int> lost = first.get_future();
  future<int> kept = second.get_future();

  first = std::move(second);
  first.set_value(8);

  EXPECT_EQ(ErrorOf([&] { lost.get(); }), future_errc::broken_promise);
  EXPECT_EQ(kept.get(), 8);
}

TEST(Promise, CanBeKeptAfterItsValueCouldNotBeCopied) {
  struct Picky {
    Picky() = default;
    Picky(const Picky& other) {
      if (other.refuses) throw std::runtime_error("no copy");
    }
    bool refuses = false;
  };
  promise<Picky> answer;
  future<Picky> result = answer.get_future();
  Picky refusing;
  refusing.refuses = true;

  EXPECT_THROW(answer.set_value(refusing), std::runtime_error);
  EXPECT_EQ(result.wait_for(0s), future_status::timeout);

  answer.set_value(Picky());
  EXPECT_EQ(result.wait_for(0s), future_status::ready);
}

TEST(Promise, MayEndAsSoonAsItIsKept) {
  for (int round = 0; round < 200; ++round) {
    auto answer = std::make_unique<promise<int>>();
    future<int> result = answer->get_future();
    thread keeper([answer = std::move(answer), round]() mutable {
      answer->set_value(round);
      answer.reset();
    });

    EXPECT_EQ(result.get(), round);
    keeper.join();
  }
}

}  // namespace
}  // namespace detect
