// With the recorder compiled out nothing is recorded, and an operation takes no more instructions
// than that of the standard's type. They are counted by stepping a child through both.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>

#include "libdetect/recorder/events.h"
#include "libdetect/sync/sync.h"

namespace detect {
namespace {

using namespace std::chrono_literals;

constexpr auto kSomeDay = std::chrono::steady_clock::time_point::max();

// Returns how many instructions a process runs between two stops that it asks for around `work`.
template <typename Work>
long CountOnce(Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    work();  // symbols are bound, caches are filled
    raise(SIGSTOP);
    work();
    raise(SIGSTOP);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  long count = 0;
  do {
    ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
    waitpid(child, &status, 0);
    ++count;
  } while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
  EXPECT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  ptrace(PTRACE_KILL, child, nullptr, nullptr);
  waitpid(child, &status, 0);
  return count;
}

// The least of a few: reading the clock is done over where the kernel has just changed it.
template <typename Work>
long CountInstructions(Work work) {
  constexpr int kTries = 3;
  long least = CountOnce(work);
  for (int i = 1; i < kTries; ++i) least = std::min(least, CountOnce(work));
  return least;
}

// Expects that `operate` takes no more of them on `ours` than on `standards`.
template <typename Ours, typename Standards, typename Operate>
void ExpectNoMore(Ours& ours, Standards& standards, Operate operate, int line = __builtin_LINE()) {
  const long of_ours = CountInstructions([&] { operate(ours); });
  const long of_standards = CountInstructions([&] { operate(standards); });
  EXPECT_LE(of_ours, of_standards) << "of what is operated in line " << line;
}

template <typename OursType, typename StandardsType>
struct Pair {
  using Ours = OursType;
  using Standards = StandardsType;
};

template <typename Types>
class Disabled : public ::testing::Test {
 protected:
  template <typename Operate>
  void ExpectNoMore(Operate operate, int line = __builtin_LINE()) {
    typename Types::Ours ours;
    typename Types::Standards standards;
    detect::ExpectNoMore(ours, standards, operate, line);
  }
};

template <typename Types>
class DisabledMutex : public Disabled<Types> {};
using Mutexes = ::testing::Types<
    Pair<mutex, std::mutex>, Pair<recursive_mutex, std::recursive_mutex>,
    Pair<timed_mutex, std::timed_mutex>, Pair<recursive_timed_mutex, std::recursive_timed_mutex>,
    Pair<shared_mutex, std::shared_mutex>, Pair<shared_timed_mutex, std::shared_timed_mutex>>;
TYPED_TEST_SUITE(DisabledMutex, Mutexes);

TYPED_TEST(DisabledMutex, LocksAsCheaplyAsTheStandards) {
  this->ExpectNoMore([](auto& m) {
    m.lock();
    m.unlock();
  });
  this->ExpectNoMore([](auto& m) {
    if (m.try_lock()) m.unlock();
  });
}

TYPED_TEST(DisabledMutex, IsMadeAndDestroyedAsCheaplyAsTheStandards) {
  this->ExpectNoMore([]<typename Mutex>(Mutex&) {
    Mutex fresh;
    fresh.lock();
    fresh.unlock();
  });
}

template <typename Types>
class DisabledRecursiveMutex : public Disabled<Types> {};
using RecursiveMutexes = ::testing::Types<Pair<recursive_mutex, std::recursive_mutex>,
                                          Pair<recursive_timed_mutex, std::recursive_timed_mutex>>;
TYPED_TEST_SUITE(DisabledRecursiveMutex, RecursiveMutexes);

TYPED_TEST(DisabledRecursiveMutex, LocksAgainAsCheaplyAsTheStandards) {
  this->ExpectNoMore([](auto& m) {
    m.lock();
    m.lock();
    m.unlock();
    m.unlock();
  });
}

template <typename Types>
class DisabledTimedMutex : public Disabled<Types> {};
using TimedMutexes = ::testing::Types<Pair<timed_mutex, std::timed_mutex>,
                                      Pair<recursive_timed_mutex, std::recursive_timed_mutex>,
                                      Pair<shared_timed_mutex, std::shared_timed_mutex>>;
TYPED_TEST_SUITE(DisabledTimedMutex, TimedMutexes);

TYPED_TEST(DisabledTimedMutex, LocksInTimeAsCheaplyAsTheStandards) {
  this->ExpectNoMore([](auto& m) {
    if (m.try_lock_for(1s)) m.unlock();
  });
  this->ExpectNoMore([](auto& m) {
    if (m.try_lock_until(kSomeDay)) m.unlock();
  });
}

template <typename Types>
class DisabledSharedMutex : public Disabled<Types> {};
using SharedMutexes = ::testing::Types<Pair<shared_mutex, std::shared_mutex>,
                                       Pair<shared_timed_mutex, std::shared_timed_mutex>>;
TYPED_TEST_SUITE(DisabledSharedMutex, SharedMutexes);

TYPED_TEST(DisabledSharedMutex, ReadsAsCheaplyAsTheStandards) {
  this->ExpectNoMore([](auto& m) {
    m.lock_shared();
    m.unlock_shared();
  });
  this->ExpectNoMore([](auto& m) {
    if (m.try_lock_shared()) m.unlock_shared();
  });
}

TEST(DisabledSharedTimedMutex, ReadsInTimeAsCheaplyAsTheStandards) {
  shared_timed_mutex ours;
  std::shared_timed_mutex standards;

  ExpectNoMore(ours, standards, [](auto& m) {
    if (m.try_lock_shared_for(1s)) m.unlock_shared();
  });
  ExpectNoMore(ours, standards, [](auto& m) {
    if (m.try_lock_shared_until(kSomeDay)) m.unlock_shared();
  });
}

template <typename Types>
class DisabledCondition : public Disabled<Types> {};
using Conditions = ::testing::Types<Pair<condition_variable, std::condition_variable>,
                                    Pair<condition_variable_any, std::condition_variable_any>>;
TYPED_TEST_SUITE(DisabledCondition, Conditions);

TYPED_TEST(DisabledCondition, NotifiesNobodyAsCheaplyAsTheStandards) {
  this->ExpectNoMore([](auto& c) { c.notify_one(); });
  this->ExpectNoMore([](auto& c) { c.notify_all(); });
  this->ExpectNoMore([]<typename Condition>(Condition&) {
    Condition fresh;
    fresh.notify_all();
  });
}

TEST(DisabledSemaphore, TakesAndGivesAsCheaplyAsTheStandards) {
  counting_semaphore<> ours(3);
  std::counting_semaphore<> standards(3);

  ExpectNoMore(ours, standards, [](auto& s) {
    s.acquire();
    s.release();
  });
  ExpectNoMore(ours, standards, [](auto& s) {
    if (s.try_acquire()) s.release();
  });
  ExpectNoMore(ours, standards, [](auto& s) {
    if (s.try_acquire_for(1s)) s.release();
  });
  ExpectNoMore(ours, standards, [](auto& s) {
    if (s.try_acquire_until(kSomeDay)) s.release();
  });
}

// A single count_down looks at the bit for sleepers, two instructions more than the standard's. It
// is what spares the last one the standard's search for them, so a latch is measured as a whole.
TEST(DisabledLatch, CountsAndOpensAsCheaplyAsTheStandards) {
  latch ours(0);
  std::latch standards(0);

  ExpectNoMore(ours, standards, []<typename Latch>(Latch&) {
    Latch fresh(2);
    fresh.count_down();
    fresh.arrive_and_wait();
  });
  ExpectNoMore(ours, standards, [](auto& l) { l.wait(); });
  ExpectNoMore(ours, standards, [](auto& l) {
    if (!l.try_wait()) abort();
  });
}

TEST(DisabledBarrier, LetsALoneThreadPassAsCheaplyAsTheStandards) {
  barrier<> ours(1);
  std::barrier<> standards(1);

  ExpectNoMore(ours, standards, [](auto& b) { b.arrive_and_wait(); });
  ExpectNoMore(ours, standards, [](auto& b) { b.wait(b.arrive()); });
}

// call_once is found by the flag's type.
TEST(DisabledOnce, InitialisesAsCheaplyAsTheStandards) {
  once_flag ours;
  std::once_flag standards;

  ExpectNoMore(ours, standards, [](auto& done) { call_once(done, [] {}); });
  ExpectNoMore(ours, standards, []<typename Flag>(Flag&) {
    Flag fresh;
    call_once(fresh, [] {});
  });
}

// What a std::thread cannot do stays: a name, the daemon flag, interruption.
TEST(DisabledThread, CostsAQuarterMoreThanTheStandardsAtMost) {
  const auto make_and_join = []<typename Thread>(Thread t) { t.join(); };

  const long ours = CountInstructions([&] { make_and_join(thread([] {})); });
  const long standards = CountInstructions([&] { make_and_join(std::thread([] {})); });
  const long our_jthread = CountInstructions([] { jthread([] {}); });
  const long standard_jthread = CountInstructions([] { std::jthread([] {}); });

  EXPECT_LE(ours, standards * 5 / 4);
  EXPECT_LE(our_jthread, standard_jthread * 5 / 4);
}

// A value and a lock by hand, for guarded and synchronized.
struct ByHand {
  std::mutex mutex;
  std::recursive_mutex recursive;
  int value = 0;
};

TEST(DisabledGuarded, ChecksNothing) {
  guarded<int> ours(0);
  ByHand hand;

  EXPECT_LE(CountInstructions([&] { ours.with([](int& n) { ++n; }); }), CountInstructions([&] {
              const std::lock_guard hold(hand.mutex);
              ++hand.value;
            }));
  EXPECT_LE(CountInstructions([&] { *ours.lock() += 1; }), CountInstructions([&] {
              const std::unique_lock hold(hand.mutex);
              hand.value += 1;
            }));
  EXPECT_LE(CountInstructions([&] { ++ours.unguarded(); }),
            CountInstructions([&] { ++hand.value; }));
}

TEST(DisabledThreadConfined, ChecksNothing) {
  thread_confined<int> ours(0);
  confined_to_thread mark;
  int plain = 0;

  EXPECT_LE(CountInstructions([&] {
              mark.check();
              mark.rebind();
              ours.rebind();
              ++*ours;
            }),
            CountInstructions([&] { ++plain; }));
}

TEST(DisabledSynchronized, CostsALock) {
  auto increment = synchronized([](int& n) { ++n; });
  ByHand hand;

  EXPECT_LE(CountInstructions([&] { increment(hand.value); }), CountInstructions([&] {
              const std::lock_guard hold(hand.recursive);
              ++hand.value;
            }));
}

TEST(DisabledRecorder, RecordsNothing) {
  static mutex named("named", lock_rank{3});
  thread other(thread_options{.name = "other"}, [] {
    const std::lock_guard hold(named);
    EXPECT_EQ(recorder::CurrentThread(), nullptr);
  });
  other.join();

  EXPECT_EQ(recorder::CurrentRegion(), nullptr);
}

}  // namespace
}  // namespace detect
