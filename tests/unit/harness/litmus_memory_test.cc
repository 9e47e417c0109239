// The memory model by example: what each order of std::atomic allows, shown where this processor
// does it, and held not to happen where the standard rules it out.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <vector>

#include "libdetect/harness/litmus.h"
#include "libdetect/harness/litmus_gtest.h"
#include "libdetect/sync/mutex.h"

namespace detect::litmus {
namespace {

using namespace std::chrono_literals;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kSeqCst = std::memory_order_seq_cst;

// Runs `test` again and again until a result is as wanted; gives up after a minute.
template <typename State, typename Wanted>
Result RunUntil(const LitmusTest<State>& test, Wanted wanted) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  Result result;
  do {
    result = test.Run({.budget = 100ms});
  } while (!wanted(result) && std::chrono::steady_clock::now() < deadline);
  return result;
}

template <typename State>
Result RunUntilSeen(const LitmusTest<State>& test, const std::vector<int>& outcome) {
  return RunUntil(test, [&](const Result& result) { return result.SamplesOf(outcome) > 0; });
}

// Each actor writes one variable and then reads the other.
struct StoreBuffering {
  alignas(kCacheLineBytes) std::atomic<int> x{0};
  alignas(kCacheLineBytes) std::atomic<int> y{0};
  int r1 = 0;
  int r2 = 0;
  auto Outcome() const { return std::array{r1, r2}; }
};

// The order is a constant: of one that it does not know the compiler makes the strongest.
template <std::memory_order kOrder>
LitmusTest<StoreBuffering> MakeStoreBuffering() {
  LitmusTest<StoreBuffering> test("store buffering");
  test.Actor([](StoreBuffering& s) {
    s.x.store(1, kOrder);
    s.r1 = s.y.load(kOrder);
  });
  test.Actor([](StoreBuffering& s) {
    s.y.store(1, kOrder);
    s.r2 = s.x.load(kOrder);
  });
  test.Acceptable({0, 1}, "the first came first");
  test.Acceptable({1, 0}, "the second came first");
  test.Acceptable({1, 1}, "both wrote before either read");
  return test;
}

TEST(StoreBuffering, RelaxedStoresAreOvertakenByTheLoadsBehindThem) {
  LitmusTest<StoreBuffering> test = MakeStoreBuffering<kRelaxed>();
  test.Interesting({0, 0}, "both stores still waited in their processor's buffer");

  const Result result = RunUntilSeen(test, {0, 0});

  EXPECT_TRUE(Passes(result));
  EXPECT_GT(result.SamplesOf({0, 0}), 0u);
}

TEST(StoreBuffering, SequentiallyConsistentStoresAreNot) {
  LitmusTest<StoreBuffering> test = MakeStoreBuffering<kSeqCst>();
  test.Forbidden({0, 0}, "in one order of all four, the first to read comes after a store");

  EXPECT_TRUE(Passes(test.Run()));
}

// One actor writes data and raises a flag; the other looks at the flag and then at the data.
struct MessagePassing {
  alignas(kCacheLineBytes) int data = 0;
  alignas(kCacheLineBytes) std::atomic<int> flag{0};
  int r1 = 0;
  int r2 = -1;  // not looked at
  auto Outcome() const { return std::array{r1, r2}; }
};

TEST(MessagePassing, AcquireSeesWhatCameBeforeTheRelease) {
  LitmusTest<MessagePassing> test("message passing");
  test.Actor([](MessagePassing& s) {
    s.data = 1;
    s.flag.store(1, kRelease);
  });
  test.Actor([](MessagePassing& s) {
    s.r1 = s.flag.load(kAcquire);
    if (s.r1 == 1) s.r2 = s.data;
  });
  test.Acceptable({0, -1}, "nothing was there yet");
  test.Acceptable({1, 1}, "the flag, and the data with it");
  test.Forbidden({1, 0}, "the flag without the data");

  const Result result = RunUntilSeen(test, {1, 1});

  EXPECT_TRUE(Passes(result));
  EXPECT_TRUE(Passes(test.Run()));
}

// What `++` on a plain int does, with a relaxed load and a relaxed store in its place. A plain one
// would be a data race, and then a compiler may do as it likes: keep the sum in a register over
// many samples, or make it the processor's one instruction that happens not to lose much.
struct Counter {
  std::atomic<int> value{0};
  auto Outcome() const { return std::array{value.load(kRelaxed)}; }
};

TEST(Counter, ReadAndThenWrittenLosesUpdates) {
  LitmusTest<Counter> test("plain counter");
  const auto increment = [](Counter& c) { c.value.store(c.value.load(kRelaxed) + 1, kRelaxed); };
  test.Actor(increment).Actor(increment);
  test.Acceptable({2}, "one after the other");
  test.Forbidden({1}, "an update was lost");

  const Result result = RunUntilSeen(test, {1});

  EXPECT_FALSE(result.Passed());
  EXPECT_GT(result.SamplesOf({1}), 0u);
}

TEST(Counter, IncrementedAtomicallyLosesNone) {
  LitmusTest<Counter> test("atomic counter");
  const auto increment = [](Counter& c) { c.value.fetch_add(1, kRelaxed); };
  test.Actor(increment).Actor(increment).Actor(increment);
  test.Acceptable({3}, "in any order");

  EXPECT_TRUE(Passes(test.Run({.budget = 500ms})));
}

// An object, and the pointer by which another thread comes to know of it.
struct Object {
  std::atomic<int> value{0};
};
struct Publication {
  alignas(kCacheLineBytes) Object object;
  alignas(kCacheLineBytes) std::atomic<Object*> pointer{nullptr};
  int seen = -1;  // no pointer
  auto Outcome() const { return std::array{seen}; }
};

template <typename Publish>
LitmusTest<Publication> MakePublication(const char* name, Publish publish) {
  LitmusTest<Publication> test(name);
  test.Actor(publish);
  test.Actor([](Publication& p) {
    if (const Object* object = p.pointer.load(kAcquire)) p.seen = object->value.load(kRelaxed);
  });
  test.Acceptable({-1}, "not published yet");
  test.Acceptable({42}, "published whole");
  test.Forbidden({0}, "published half made");
  return test;
}

TEST(SafePublication, ReleasedPointerShowsTheWholeObject) {
  const LitmusTest<Publication> test =
      MakePublication("publication by release", [](Publication& p) {
        p.object.value.store(42, kRelaxed);
        p.pointer.store(&p.object, kRelease);
      });

  EXPECT_TRUE(Passes(RunUntilSeen(test, {42})));
  EXPECT_TRUE(Passes(test.Run()));
}

// Nothing orders a plain pointer with what it points to. This processor keeps the order of stores,
// so that the compiler has to change it for the bug to show: this is the order it may choose.
TEST(SafePublication, PlainPointerMayComeBeforeTheObject) {
  const LitmusTest<Publication> test = MakePublication("plain publication", [](Publication& p) {
    p.pointer.store(&p.object, kRelaxed);
    p.object.value.store(42, kRelaxed);
  });

  EXPECT_FALSE(RunUntilSeen(test, {0}).Passed());
}

// Whoever comes first makes the object, under a lock that nobody takes once it is there.
struct ByRelease {
  static constexpr std::memory_order kLoad = kAcquire;
  static void Make(Publication& p) {
    p.object.value.store(42, kRelaxed);
    p.pointer.store(&p.object, kRelease);
  }
};

// As above: the compiler may publish an object by a plain pointer, and make it afterwards.
struct ByPlainPointer {
  static constexpr std::memory_order kLoad = kRelaxed;
  static void Make(Publication& p) {
    p.pointer.store(&p.object, kRelaxed);
    p.object.value.store(42, kRelaxed);
  }
};

template <typename How>
struct DoubleChecked {
  int Get() {
    Object* object = shared.pointer.load(How::kLoad);
    if (object == nullptr) {
      const std::lock_guard hold(lock);
      object = shared.pointer.load(kRelaxed);
      if (object == nullptr) {
        How::Make(shared);
        object = &shared.object;
        ++made;
      }
    }
    return object->value.load(kRelaxed);
  }
  auto Outcome() const { return std::array{made, r1, r2}; }

  Publication shared;
  mutex lock;
  int made = 0;  // Guarded by lock.
  int r1 = 0;
  int r2 = 0;
};

template <typename How>
LitmusTest<DoubleChecked<How>> MakeDoubleChecked() {
  LitmusTest<DoubleChecked<How>> test("double-checked initialisation");
  test.Actor([](DoubleChecked<How>& d) { d.r1 = d.Get(); });
  test.Actor([](DoubleChecked<How>& d) { d.r2 = d.Get(); });
  test.Acceptable({1, 42, 42}, "made once, and seen whole by both");
  test.Forbidden({1, 42, 0}, "the second saw it half made");
  return test.Forbidden({1, 0, 42}, "the first saw it half made");
}

TEST(DoubleCheckedInitialisation, IsSafeByReleaseAndAcquire) {
  EXPECT_TRUE(Passes(MakeDoubleChecked<ByRelease>().Run()));
}

TEST(DoubleCheckedInitialisation, ShowsHalfMadeObjectsByAPlainPointer) {
  const Result result = RunUntil(MakeDoubleChecked<ByPlainPointer>(),
                                 [](const Result& seen) { return !seen.Passed(); });

  EXPECT_EQ(result.error, "");
  EXPECT_GT(result.SamplesOf({1, 42, 0}) + result.SamplesOf({1, 0, 42}), 0u);
}

// Two write, two read in opposite order: do the readers agree on which write came first?
struct IndependentReads {
  alignas(kCacheLineBytes) std::atomic<int> x{0};
  alignas(kCacheLineBytes) std::atomic<int> y{0};
  int r1 = 0;
  int r2 = 0;
  bool disagree = false;
  auto Outcome() const { return std::array{static_cast<int>(disagree)}; }
};

TEST(IndependentReads, AgreeOnTheOrderOfWrites) {
  LitmusTest<IndependentReads> test("independent reads of independent writes");
  test.Actor([](auto& s) { s.x.store(1); }).Actor([](auto& s) { s.y.store(1); });
  test.Actor([](auto& s) {
    const int x = s.x.load();
    s.r1 = x - s.y.load();
  });
  test.Actor([](auto& s) {
    const int y = s.y.load();
    s.r2 = y - s.x.load();
  });
  test.Arbiter([](auto& s) { s.disagree = s.r1 == 1 && s.r2 == 1; });
  test.Acceptable({0}, "they agree, or one saw both or none");
  test.Forbidden({1}, "one saw x first, the other y");

  EXPECT_TRUE(Passes(test.Run()));
}

}  // namespace
}  // namespace detect::litmus
