#include "libdetect/sync/latch.h"

#include <gtest/gtest.h>

#include <latch>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/this_thread.h"
#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::AwaitWaiting;
using ::detect::testing::RecordedName;
using ::detect::testing::SlotOf;

constinit latch g_constant_initialised{0};

// What the standard's own promises, too.
template <typename Latch>
class AnyLatch : public ::testing::Test {};

using Latches = ::testing::Types<std::latch, latch>;
TYPED_TEST_SUITE(AnyLatch, Latches);

TYPED_TEST(AnyLatch, CanBeNeitherCopiedNorMoved) {
  static_assert(!std::is_convertible_v<ptrdiff_t, TypeParam>);
  static_assert(!std::is_copy_constructible_v<TypeParam>);
  static_assert(!std::is_copy_assignable_v<TypeParam>);
  static_assert(TypeParam::max() >= 1'000'000);
}

TYPED_TEST(AnyLatch, IsOpenOnceItHasCountedToZeroAndStaysSo) {
  TypeParam l(3);

  l.count_down();
  EXPECT_FALSE(l.try_wait());
  l.count_down(0);
  EXPECT_FALSE(l.try_wait());
  l.count_down(2);

  EXPECT_TRUE(l.try_wait());
  l.wait();
  l.wait();
}

TYPED_TEST(AnyLatch, LetsAllGoTogether) {
  constexpr int kThreads = 8;
  TypeParam l(kThreads);
  int written[kThreads] = {};  // plain: the latch is all that orders their users
  std::atomic<int> sum = 0;
  std::vector<thread> threads;

  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      written[i] = 1;
      l.arrive_and_wait();
      for (int seen : written) sum += seen;
    });
  }
  for (thread& t : threads) t.join();

  EXPECT_EQ(sum, kThreads * kThreads);
}

TYPED_TEST(AnyLatch, MayBeDestroyedByWhoeverHasWaited) {
  for (int round = 0; round < 500; ++round) {
    auto* done = new TypeParam(1);
    thread worker([done] { done->count_down(); });
    done->wait();
    delete done;
    worker.join();
  }
}

TEST(Latch, IsKnownByItsNameAsLongAsItLives) {
  EXPECT_TRUE(g_constant_initialised.try_wait());
  std::optional<latch> l;
  l.emplace(1, "ready");
  const void* address = &*l;

  EXPECT_EQ(RecordedName(address), "ready");
  l.reset();
  EXPECT_EQ(RecordedName(address), std::nullopt);
}

TEST(Latch, ShowsWhoWaitsForIt) {
  latch l(1);
  thread waiter(thread_options{.name = "waiter"}, [&] { l.wait(); });
  const recorder::ThreadSlot& slot = SlotOf("waiter");

  AwaitWaiting(slot, &l);

  EXPECT_EQ(slot.wait.kind, static_cast<uint8_t>(ResourceKind::kLatch));
  l.count_down();
  waiter.join();
}

TEST(Latch, LetsAnInterruptedThreadGoAndKeepsWhatItCounted) {
  latch l(2);
  bool was_interrupted = false;
  thread stopped(thread_options{.name = "stopped"}, [&] {
    try {
      l.arrive_and_wait();
    } catch (const interrupted&) {
      was_interrupted = true;
    }
  });
  thread patient(thread_options{.name = "patient"}, [&] { l.wait(); });
  AwaitWaiting(SlotOf("stopped"), &l);
  AwaitWaiting(SlotOf("patient"), &l);

  stopped.interrupt();
  stopped.join();
  EXPECT_TRUE(was_interrupted);
  EXPECT_FALSE(l.try_wait());

  l.count_down();
  patient.join();
}

TEST(Latch, IsNoWaitForAnInterruptedThreadWhereItIsOpen) {
  latch l(1);
  l.count_down();
  bool came_through = false;
  thread stopped([&] {
    while (!this_thread::is_interrupted()) sched_yield();
    l.wait();
    came_through = this_thread::is_interrupted();
  });

  stopped.interrupt();
  stopped.join();

  EXPECT_TRUE(came_through);
}

}  // namespace
}  // namespace detect
