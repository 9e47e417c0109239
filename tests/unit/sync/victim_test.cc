// What a victim of a deadlock sees, and what the others do.
#include "libdetect/recorder/victim.h"

#include <gtest/gtest.h>

#include <functional>
#include <latch>
#include <string>
#include <system_error>
#include <vector>

#include "libdetect/sync/sync.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaiting;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::SlotOf;

// Makes that thread a victim; it is about to sleep in a lock call.
void MakeVictimOf(const recorder::ThreadSlot& slot) {
  while (!recorder::ChooseVictim(slot.number)) sched_yield();
}

// Returns the error that `lock` throws; none when it returns.
std::error_code ErrorOf(const std::function<void()>& lock) {
  try {
    lock();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

// Returns whether another thread could take the lock now.
template <typename Lock>
bool IsFree(Lock& lock) {
  bool taken = false;
  thread([&] {
    taken = lock.try_lock();
    if (taken) lock.unlock();
  }).join();
  return taken;
}

template <typename Lock>
class Victim : public ::testing::Test {};

using Locks = ::testing::Types<mutex, timed_mutex, recursive_mutex, recursive_timed_mutex,
                               shared_mutex, shared_timed_mutex>;
TYPED_TEST_SUITE(Victim, Locks);

TYPED_TEST(Victim, ThrowsFromLockAndHoldsNothing) {
  TypeParam lock;
  lock.lock();
  std::error_code error;
  thread victim(thread_options{.name = "victim"}, [&] {
    error = ErrorOf([&] { lock.lock(); });
    EXPECT_EQ(HoldCount(OwnSlot(), &lock), 0);
    EXPECT_EQ(OwnSlot().wait_sequence & 1, 0u);
  });
  const recorder::ThreadSlot& slot = SlotOf("victim");
  AwaitWaiting(slot, &lock);

  MakeVictimOf(slot);
  victim.join();

  EXPECT_EQ(error, std::errc::resource_deadlock_would_occur);
  EXPECT_FALSE(IsFree(lock));
  lock.unlock();
  EXPECT_TRUE(IsFree(lock));
}

TYPED_TEST(Victim, LeavesALockThatWorksAsBefore) {
  TypeParam lock;
  lock.lock();
  thread victim(thread_options{.name = "victim"}, [&] { ErrorOf([&] { lock.lock(); }); });
  const recorder::ThreadSlot& slot = SlotOf("victim");
  AwaitWaiting(slot, &lock);
  MakeVictimOf(slot);
  victim.join();

  lock.unlock();

  int counter = 0;
  std::vector<thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 1'000; ++round) {
        std::lock_guard hold(lock);
        ++counter;
      }
    });
  }
  for (thread& t : threads) t.join();
  EXPECT_EQ(counter, 4'000);
}

TYPED_TEST(Victim, LetsTheOthersOfACycleGoOn) {
  TypeParam a;
  TypeParam b;
  std::latch each_holds_one(2);
  std::error_code error;
  bool other_went_on = false;
  thread victim(thread_options{.name = "victim"}, [&] {
    std::lock_guard hold(a);
    each_holds_one.arrive_and_wait();
    error = ErrorOf([&] { std::lock_guard hold_b(b); });
  });
  thread other(thread_options{.name = "other"}, [&] {
    std::lock_guard hold(b);
    each_holds_one.arrive_and_wait();
    std::lock_guard hold_a(a);
    other_went_on = true;
  });
  const recorder::ThreadSlot& slot = SlotOf("victim");
  AwaitWaiting(slot, &b);
  AwaitWaiting(SlotOf("other"), &a);

  MakeVictimOf(slot);
  victim.join();
  other.join();

  EXPECT_EQ(error, std::errc::resource_deadlock_would_occur);
  EXPECT_TRUE(other_went_on);
}

TYPED_TEST(Victim, IsOnlyTheOneOfManyWhoWaitForTheSameLock) {
  TypeParam lock;
  lock.lock();
  int served = 0;
  std::vector<thread> threads;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "queued " + std::to_string(i);
    threads.emplace_back(thread_options{.name = name}, [&] {
      if (ErrorOf([&] { lock.lock(); })) return;
      ++served;
      lock.unlock();
    });
    AwaitWaiting(SlotOf(name), &lock);
  }

  MakeVictimOf(SlotOf("queued 1"));
  threads[1].join();
  lock.unlock();
  for (int i : {0, 2, 3}) threads[i].join();

  EXPECT_EQ(served, 3);
}

TYPED_TEST(Victim, IsNobodyWhoDoesNotWaitForALock) {
  TypeParam lock;

  EXPECT_FALSE(recorder::ChooseVictim(OwnSlot().number));
  EXPECT_FALSE(recorder::ChooseVictim(0));
  lock.lock();
  EXPECT_FALSE(recorder::ChooseVictim(OwnSlot().number));
  lock.unlock();
  EXPECT_FALSE(recorder::ChooseVictim(OwnSlot().number));
}

// A victim of a lock that is being given back, again and again: whoever comes last finds it free.
TYPED_TEST(Victim, LosesNoWakeUpOfTheOthers) {
  for (int round = 0; round < 50; ++round) {
    TypeParam lock;
    lock.lock();
    std::atomic<int> ended = 0;
    std::vector<thread> threads;
    const std::string victim_name = "victim " + std::to_string(round);
    for (int i = 0; i < 3; ++i) {
      const std::string name = i == 0 ? victim_name : "other";
      threads.emplace_back(thread_options{.name = name}, [&] {
        if (!ErrorOf([&] { lock.lock(); })) lock.unlock();
        ++ended;
      });
    }
    const uint32_t number = SlotOf(victim_name).number;
    thread chooser([&] {
      while (!recorder::ChooseVictim(number) && ended != 3) sched_yield();
    });

    lock.unlock();
    for (thread& t : threads) t.join();
    chooser.join();
  }
}

TEST(VictimOfSharedMutex, MayBeAReader) {
  shared_mutex lock;
  lock.lock();
  std::error_code error;
  thread victim(thread_options{.name = "victim"},
                [&] { error = ErrorOf([&] { lock.lock_shared(); }); });
  const recorder::ThreadSlot& slot = SlotOf("victim");
  AwaitWaiting(slot, &lock);

  MakeVictimOf(slot);
  victim.join();

  EXPECT_EQ(error, std::errc::resource_deadlock_would_occur);
  lock.unlock();
}

TEST(VictimOfSharedMutex, NoLongerKeepsReadersWaitingWhereItWasAWriter) {
  shared_mutex lock;
  std::shared_lock hold(lock);
  thread writer(thread_options{.name = "writer"}, [&] { ErrorOf([&] { lock.lock(); }); });
  const recorder::ThreadSlot& slot = SlotOf("writer");
  AwaitWaiting(slot, &lock);
  std::latch read(1);
  thread reader(thread_options{.name = "reader"}, [&] {
    while (lock.try_lock_shared()) lock.unlock_shared();  // until the writer has announced itself
    std::shared_lock hold_too(lock);
    read.count_down();
  });
  AwaitWaiting(SlotOf("reader"), &lock);

  MakeVictimOf(slot);

  read.wait();  // while this thread still reads, so that nobody's unlock has helped
  writer.join();
  reader.join();
}

TEST(VictimOfCondition, IsNobodyWhoTakesTheMutexAgain) {
  mutex m;
  condition_variable changed;
  bool ready = false;
  thread waiter(thread_options{.name = "waiter"}, [&] {
    std::unique_lock hold(m);
    changed.wait(hold, [&] { return ready; });
  });
  const recorder::ThreadSlot& slot = SlotOf("waiter");
  AwaitWaiting(slot, &changed);

  EXPECT_FALSE(recorder::ChooseVictim(slot.number));

  std::unique_lock hold(m);
  ready = true;
  changed.notify_one();
  hold.unlock();
  waiter.join();
}

TEST(VictimOfTimedMutex, IsNobodyWhoWaitsWithADeadline) {
  timed_mutex m;
  m.lock();
  bool taken = false;
  thread hasty(thread_options{.name = "hasty"}, [&] {
    taken = m.try_lock_for(10min);
    if (taken) m.unlock();
  });
  const recorder::ThreadSlot& slot = SlotOf("hasty");
  AwaitWaiting(slot, &m);

  EXPECT_FALSE(recorder::ChooseVictim(slot.number));

  m.unlock();
  hasty.join();
  EXPECT_TRUE(taken);
}

}  // namespace
}  // namespace detect
