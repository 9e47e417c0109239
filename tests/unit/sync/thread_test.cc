#include "libdetect/sync/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <stdlib.h>

#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "libdetect/sync/mutex.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::AwaitWaiting;
using ::detect::testing::MisuseLog;
using ::detect::testing::NameOf;
using ::detect::testing::OwnSlot;
using ::detect::testing::SlotOf;

std::string KernelName(pthread_t thread) {
  char name[16] = {};
  pthread_getname_np(thread, name, sizeof name);
  return name;
}

template <typename F>
std::error_code ErrorOf(F call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

TEST(Thread, HasTheShapeOfTheStandards) {
  static_assert(std::is_nothrow_default_constructible_v<thread>);
  static_assert(std::is_nothrow_move_constructible_v<thread>);
  static_assert(std::is_nothrow_move_assignable_v<thread>);
  static_assert(!std::is_copy_constructible_v<thread>);
  static_assert(!std::is_copy_assignable_v<thread>);
  static_assert(std::is_same_v<thread::id, decltype(this_thread::get_id())>);
  EXPECT_EQ(thread::hardware_concurrency(), std::thread::hardware_concurrency());
}

TEST(Thread, CallsWhatItIsGivenWithItsOwnCopies) {
  struct Adder {
    int Add(std::unique_ptr<int> a, int b) { return sum += *a + b; }
    int sum = 0;
  } adder;
  int out = 0;
  int copied = 1;

  thread member(&Adder::Add, &adder, std::make_unique<int>(40), 2);
  thread reference([](int& to, int from) { to = from; }, std::ref(out), copied);
  member.join();
  reference.join();

  EXPECT_EQ(adder.sum, 42);
  EXPECT_EQ(out, 1);
}

TEST(Thread, DestroysItsCallableBeforeItIsJoined) {
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> watch = token;

  thread t([token = std::move(token)] {});
  t.join();

  EXPECT_TRUE(watch.expired());
}

TEST(Thread, KnowsItsIdUntilItIsJoined) {
  thread none;
  EXPECT_FALSE(none.joinable());
  EXPECT_EQ(none.get_id(), thread::id());
  thread::id inside;

  thread t([&] { inside = this_thread::get_id(); });
  const thread::id outside = t.get_id();
  EXPECT_TRUE(t.joinable());
  EXPECT_NE(outside, this_thread::get_id());
  t.join();

  EXPECT_EQ(outside, inside);
  EXPECT_FALSE(t.joinable());
  EXPECT_EQ(t.get_id(), thread::id());
}

TEST(Thread, MovesAndSwaps) {
  std::latch go(1);
  thread a([&] { go.wait(); });
  const thread::id id = a.get_id();

  thread b(std::move(a));
  EXPECT_FALSE(a.joinable());  // NOLINT(bugprone-use-after-move): moved from is empty
  EXPECT_EQ(b.get_id(), id);
  thread c;
  c = std::move(b);
  EXPECT_FALSE(b.joinable());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(c.get_id(), id);
  swap(b, c);
  EXPECT_EQ(b.get_id(), id);

  go.count_down();
  b.join();
}

TEST(Thread, RefusesToJoinOrDetachNothingTwiceOrItself) {
  thread none;
  EXPECT_EQ(ErrorOf([&] { none.join(); }), std::errc::invalid_argument);
  EXPECT_EQ(ErrorOf([&] { none.detach(); }), std::errc::invalid_argument);

  std::latch ready(1);
  std::error_code error;
  thread self;
  self = thread([&] {
    ready.wait();
    error = ErrorOf([&] { self.join(); });
  });
  ready.count_down();
  self.join();
  EXPECT_EQ(error, std::errc::resource_deadlock_would_occur);
  EXPECT_EQ(ErrorOf([&] { self.join(); }), std::errc::invalid_argument);
}

TEST(Thread, RunsOnWhenDetached) {
  std::latch ran(1);
  std::latch go(1);
  thread t([&] {
    go.wait();
    ran.count_down();
  });

  t.detach();

  EXPECT_FALSE(t.joinable());
  go.count_down();
  ran.wait();
}

TEST(Thread, GoesByItsNameInReportsAndInTheKernel) {
  std::latch renamed(1);
  thread t(thread_options{.name = "a name longer than the kernel keeps"}, [&] {
    EXPECT_EQ(NameOf(OwnSlot().name), "a name longer than the kernel keeps");
    EXPECT_EQ(KernelName(pthread_self()), "a name longer t");
    renamed.wait();
    EXPECT_EQ(NameOf(OwnSlot().name), "auditor");
    EXPECT_EQ(KernelName(pthread_self()), "auditor");
  });

  SlotOf("a name longer than the kernel keeps");
  t.set_name("auditor");

  renamed.count_down();
  t.join();
}

TEST(Thread, LeavesItsPlaceInTheRegionWhenItEnds) {
  const recorder::ThreadSlot* slot = nullptr;
  uint32_t number = 0;

  thread t([&] {
    slot = &OwnSlot();
    number = slot->number;
  });
  t.join();

  EXPECT_TRUE(slot->number != number ||
              slot->state == static_cast<uint32_t>(recorder::SlotState::kFree));
}

TEST(Thread, ShowsWhoseEndAJoinWaitsFor) {
  std::latch go(1);
  thread joined(thread_options{.name = "joined"}, [&] { go.wait(); });
  const recorder::ThreadSlot& joined_slot = SlotOf("joined");
  thread joiner(thread_options{.name = "joiner"}, [&] { joined.join(); });
  const recorder::ThreadSlot& joiner_slot = SlotOf("joiner");

  AwaitWaiting(joiner_slot, joined_slot.number);

  EXPECT_EQ(joiner_slot.wait.kind, static_cast<uint8_t>(ResourceKind::kThread));
  EXPECT_EQ(joiner_slot.wait.owner_tid, joined_slot.tid);
  go.count_down();
  joiner.join();
}

TEST(Thread, IsADaemonWhereItsMakerIsOneUnlessToldOtherwise) {
  EXPECT_FALSE(OwnSlot().daemon);
  thread daemon(thread_options{.daemon = true}, [] {
    EXPECT_TRUE(OwnSlot().daemon);
    thread heir([] {
      EXPECT_TRUE(OwnSlot().daemon);
      thread grandchild([] { EXPECT_TRUE(OwnSlot().daemon); });
      grandchild.join();
    });
    thread other(thread_options{.daemon = false}, [] { EXPECT_FALSE(OwnSlot().daemon); });
    EXPECT_TRUE(heir.daemon());
    EXPECT_FALSE(other.daemon());
    heir.join();
    other.join();
  });
  EXPECT_TRUE(daemon.daemon());
  daemon.join();
}

TEST(Thread, MayBeAbandonedWhereItIsADaemon) {
  std::latch go(1);
  std::latch ran(1);
  const auto wait = [&] {
    go.wait();
    ran.count_down();
  };

  {
    thread destroyed(thread_options{.daemon = true}, wait);
    thread replaced(thread_options{.daemon = true}, [] {});
    replaced = thread();
  }

  go.count_down();
  ran.wait();
}

// Returns the locks that threads running `body` were reported to have held when they ended.
template <typename F>
std::vector<uint64_t> HeldAtExitOf(F body) {
  const MisuseLog log;
  thread(body).join();
  std::vector<uint64_t> held;
  for (const recorder::MisuseRecord* misuse : log.Of(Misuse::kHeldAtExit)) {
    held.push_back(misuse->resource);
  }
  return held;
}

TEST(Thread, IsReportedWhereItEndsWithALockHeldHoweverItEnds) {
  mutex returned, exited, cancelled, thrown;
  const auto locks = [](mutex& m) { return std::vector<uint64_t>{recorder::AddressOf(&m)}; };

  EXPECT_EQ(HeldAtExitOf([&] { returned.lock(); }), locks(returned));
  EXPECT_EQ(HeldAtExitOf([&] {
              exited.lock();
              pthread_exit(nullptr);
            }),
            locks(exited));
  EXPECT_EQ(HeldAtExitOf([&] {
              cancelled.lock();
              pthread_cancel(pthread_self());
              pthread_testcancel();
            }),
            locks(cancelled));
  EXPECT_EQ(HeldAtExitOf([&] {
              thrown.lock();
              throw interrupted();
            }),
            locks(thrown));
}

TEST(Thread, IsNotReportedWhereItEndsWithNothingHeld) {
  mutex m;
  EXPECT_EQ(HeldAtExitOf([&] { std::lock_guard hold(m); }), std::vector<uint64_t>());

  // A callable's own members unlock when they go.
  const MisuseLog log;
  thread([&m, hold = std::unique_lock<mutex>()]() mutable { hold = std::unique_lock(m); }).join();
  EXPECT_TRUE(log.Of(Misuse::kHeldAtExit).empty());
}

class ThreadDeathTest : public ::testing::Test {
 protected:
  // The child starts afresh instead of as a fork of a process that had threads.
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(ThreadDeathTest, ProcessEndsWhileADaemonIsBlockedForEver) {
  const auto abandon_a_blocked_daemon = [] {
    static mutex taken{"taken"};
    taken.lock();
    {
      thread daemon(thread_options{.name = "daemon", .daemon = true}, [] { taken.lock(); });
      AwaitWaiting(SlotOf("daemon"), &taken);
    }
    exit(0);  // NOLINT(concurrency-mt-unsafe): what this is about
  };

  EXPECT_EXIT(abandon_a_blocked_daemon(), ::testing::ExitedWithCode(0), "");
}

TEST_F(ThreadDeathTest, IsTerminatedWhereAJoinableThreadIsDestroyed) {
  const auto destroy = [] { thread t([] {}); };

  EXPECT_DEATH(destroy(), "terminate called");
}

TEST_F(ThreadDeathTest, IsTerminatedByAnExceptionThatLeavesAThread) {
  const auto throw_in_thread = [] { thread([] { throw 1; }).join(); };

  EXPECT_DEATH(throw_in_thread(), "terminate called");
}

}  // namespace
}  // namespace detect
