#include "libdetect/sync/jthread.h"

#include <gtest/gtest.h>

#include <latch>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::NameOf;
using ::detect::testing::OwnSlot;

TEST(JThread, HasTheShapeOfTheStandards) {
  static_assert(std::is_nothrow_default_constructible_v<jthread>);
  static_assert(std::is_nothrow_move_constructible_v<jthread>);
  static_assert(std::is_nothrow_move_assignable_v<jthread>);
  static_assert(!std::is_copy_constructible_v<jthread>);
  jthread none;
  EXPECT_FALSE(none.joinable());
  EXPECT_FALSE(none.get_stop_token().stop_possible());
  EXPECT_FALSE(none.request_stop());
}

TEST(JThread, GivesItsStopTokenToACallableThatTakesOne) {
  bool was_stopped = false;
  int sum = 0;

  jthread stoppable([&](stop_token stop) {
    while (!stop.stop_requested()) this_thread::yield();
    was_stopped = true;
  });
  jthread with_arguments([&](stop_token stop, int a, int b) { sum = a + b; }, 1, 2);
  jthread without([&](int a) { EXPECT_EQ(a, 4); }, 4);
  EXPECT_TRUE(stoppable.request_stop());
  EXPECT_FALSE(stoppable.request_stop());
  stoppable.join();
  with_arguments.join();

  EXPECT_TRUE(was_stopped);
  EXPECT_EQ(sum, 3);
}

TEST(JThread, IsStoppedAndJoinedWhenItGoes) {
  bool ended = false;

  {
    jthread t([&](stop_token stop) {
      while (!stop.stop_requested()) this_thread::yield();
      ended = true;
    });
  }

  EXPECT_TRUE(ended);
}

TEST(JThread, IsStoppedAndJoinedWhenAnotherOneTakesItsPlace) {
  bool ended = false;
  jthread t([&](stop_token stop) {
    while (!stop.stop_requested()) this_thread::yield();
    ended = true;
  });

  t = jthread();

  EXPECT_TRUE(ended);
  EXPECT_FALSE(t.joinable());
}

TEST(JThread, MovesWithItsStopState) {
  jthread a([](stop_token stop) {
    while (!stop.stop_requested()) this_thread::yield();
  });
  const stop_token token = a.get_stop_token();
  const jthread::id id = a.get_id();

  jthread b(std::move(a));
  jthread c;
  swap(b, c);

  EXPECT_FALSE(a.joinable());  // NOLINT(bugprone-use-after-move): moved from is empty
  EXPECT_FALSE(b.joinable());
  EXPECT_EQ(c.get_id(), id);
  EXPECT_FALSE(token.stop_requested());
  c.request_stop();
  EXPECT_TRUE(token.stop_requested());
}

TEST(JThread, HasANameAndADaemonFlag) {
  jthread t(thread_options{.name = "poller", .daemon = true}, [] {
    EXPECT_EQ(NameOf(OwnSlot().name), "poller");
    EXPECT_TRUE(OwnSlot().daemon);
    thread heir([] { EXPECT_TRUE(OwnSlot().daemon); });
    heir.join();
  });

  EXPECT_TRUE(t.daemon());
}

TEST(JThread, IsWokenFromAWaitByAnInterruption) {
  mutex m;
  condition_variable never;
  bool went_on = false;
  jthread t([&] {
    std::unique_lock hold(m);
    never.wait(hold);
    went_on = true;
  });

  t.interrupt();
  t.join();

  EXPECT_FALSE(went_on);
}

TEST(JThread, CanBeDetached) {
  std::latch go(1), ran(1);
  {
    jthread t([&] {
      go.wait();
      ran.count_down();
    });
    t.detach();
  }

  go.count_down();
  ran.wait();
}

}  // namespace
}  // namespace detect
