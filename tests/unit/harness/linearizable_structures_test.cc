// Containers that people use, checked for linearizability; and the same with the lock taken away.
#include <absl/container/flat_hash_map.h>
#include <absl/synchronization/mutex.h>
#include <gtest/gtest.h>
#include <tbb/concurrent_hash_map.h>
#include <tbb/concurrent_queue.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "libdetect/harness/check_linearizable.h"
#include "libdetect/harness/linearizability_gtest.h"
#include "libdetect/harness/models/map.h"
#include "libdetect/harness/models/permits.h"
#include "libdetect/harness/models/queue.h"
#include "libdetect/harness/models/register.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/semaphore.h"
#include "libdetect/tasks/queue.h"

namespace detect {
namespace {

using namespace std::chrono_literals;

constexpr CheckLinearizableOptions kOptions = {.scenarios = 60, .runs = 300, .time = 2s};
// On a machine that is busy with other things it takes long until two threads meet.
constexpr CheckLinearizableOptions kUntilFound = {.time = 60s};

// Checks an object with put(value) and std::optional<int> get().
template <typename Model, typename Make>
CheckLinearizableResult CheckQueue(Make make, const CheckLinearizableOptions& options = kOptions) {
  using Object = std::invoke_result_t<Make&>;
  return CheckLinearizable<Model>(
      make,
      {{{Model::Put(1), Model::Put(2), Model::Put(3)},
        [](Object& queue, const typename Model::Input& put) {
          queue.put(put.value);
          return Model::Done();
        }},
       {{Model::Get()},
        [](Object& queue, const typename Model::Input&) { return Model::Got(queue.get()); }}},
      options);
}

// Checks an object with insert(key, value), erase(key) and std::optional<int> find(key).
using Map = models::Map<int, int>;
template <typename Make>
CheckLinearizableResult CheckMap(Make make, const CheckLinearizableOptions& options = kOptions) {
  using Object = std::invoke_result_t<Make&>;
  return CheckLinearizable<Map>(
      make,
      {{{Map::Insert(1, 10), Map::Insert(1, 11), Map::Insert(2, 20)},
        [](Object& map, const Map::Input& insert) {
          return Map::Done(map.insert(insert.key, insert.value));
        }},
       {{Map::Erase(1), Map::Erase(2)},
        [](Object& map, const Map::Input& erase) { return Map::Done(map.erase(erase.key)); }},
       {{Map::Find(1), Map::Find(2)},
        [](Object& map, const Map::Input& find) { return Map::Found(map.find(find.key)); }}},
      options);
}

template <typename Queue>
struct OurQueue {
  void put(int value) { queue.put(value); }
  std::optional<int> get() try { return queue.get_nowait(); } catch (const queue_empty&) {
    return std::nullopt;
  }

  Queue queue;
};

TEST(LinearizableStructures, OurQueueIsFirstInFirstOut) {
  EXPECT_TRUE(
      IsLinearizable(CheckQueue<models::FifoQueue<int>>([] { return OurQueue<queue<int>>(); })));
}

TEST(LinearizableStructures, OurLifoQueueIsLastInFirstOut) {
  EXPECT_TRUE(IsLinearizable(
      CheckQueue<models::LifoQueue<int>>([] { return OurQueue<lifo_queue<int>>(); })));
}

TEST(LinearizableStructures, OurPriorityQueueIsSmallestFirst) {
  EXPECT_TRUE(IsLinearizable(
      CheckQueue<models::PriorityQueue<int>>([] { return OurQueue<priority_queue<int>>(); })));
}

struct LockedDeque {
  void put(int value) {
    std::lock_guard hold(mutex);
    items.push_back(value);
  }
  std::optional<int> get() {
    std::lock_guard hold(mutex);
    if (items.empty()) return std::nullopt;
    const int item = items.front();
    items.pop_front();
    return item;
  }

  std::mutex mutex;
  std::deque<int> items;
};

TEST(LinearizableStructures, ADequeBehindALockIsAQueue) {
  EXPECT_TRUE(IsLinearizable(CheckQueue<models::FifoQueue<int>>([] { return LockedDeque(); })));
}

// A ring whose users forgot the lock. Atomic, so that what goes wrong is the order alone.
struct UnlockedRing {
  void put(int value) {
    const size_t place = end.load();
    items[place % items.size()].store(value);
    end.store(place + 1);
  }
  std::optional<int> get() {
    const size_t place = begin.load();
    if (place == end.load()) return std::nullopt;
    const int item = items[place % items.size()].load();
    begin.store(place + 1);
    return item;
  }

  std::array<std::atomic<int>, 16> items{};
  std::atomic<size_t> begin{0};
  std::atomic<size_t> end{0};
};

TEST(LinearizableStructures, ARingWithoutALockIsNone) {
  const auto result =
      CheckQueue<models::FifoQueue<int>>([] { return UnlockedRing(); }, kUntilFound);

  EXPECT_EQ(result.verdict, Linearizability::kNo) << result.message;
}

struct LockedMap {
  bool insert(int key, int value) {
    std::lock_guard hold(mutex);
    return map.emplace(key, value).second;
  }
  bool erase(int key) {
    std::lock_guard hold(mutex);
    return map.erase(key) > 0;
  }
  std::optional<int> find(int key) {
    std::lock_guard hold(mutex);
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  }

  detect::mutex mutex;
  std::map<int, int> map;
};

TEST(LinearizableStructures, AStdMapBehindALockIsAMap) {
  EXPECT_TRUE(IsLinearizable(CheckMap([] { return LockedMap(); })));
}

// The lock is taken for each step and not for the whole.
struct MapLockedInSteps : LockedMap {
  bool insert(int key, int value) {
    if (find(key)) return false;
    std::lock_guard hold(mutex);
    map[key] = value;
    return true;
  }
};

TEST(LinearizableStructures, AStdMapLockedInStepsIsNone) {
  const auto result = CheckMap([] { return MapLockedInSteps(); }, kUntilFound);

  EXPECT_EQ(result.verdict, Linearizability::kNo) << result.message;
}

struct AbslMap {
  bool insert(int key, int value) {
    absl::MutexLock hold(&mutex);
    return map.emplace(key, value).second;
  }
  bool erase(int key) {
    absl::MutexLock hold(&mutex);
    return map.erase(key) > 0;
  }
  std::optional<int> find(int key) {
    absl::ReaderMutexLock hold(&mutex);
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  }

  absl::Mutex mutex;
  absl::flat_hash_map<int, int> map;
};

TEST(LinearizableStructures, AFlatHashMapBehindAbslMutexIsAMap) {
  EXPECT_TRUE(IsLinearizable(CheckMap([] { return AbslMap(); })));
}

struct TbbMap {
  using Table = tbb::concurrent_hash_map<int, int>;

  bool insert(int key, int value) { return table.insert({key, value}); }
  bool erase(int key) { return table.erase(key); }
  std::optional<int> find(int key) {
    Table::const_accessor found;
    if (!table.find(found, key)) return std::nullopt;
    return found->second;
  }

  Table table;
};

TEST(LinearizableStructures, ConcurrentHashMapOfTbbIsAMap) {
  EXPECT_TRUE(IsLinearizable(CheckMap([] { return TbbMap(); })));
}

struct TbbQueue {
  void put(int value) { queue.push(value); }
  std::optional<int> get() {
    int item = 0;
    return queue.try_pop(item) ? std::optional(item) : std::nullopt;
  }

  tbb::concurrent_queue<int> queue;
};

TEST(LinearizableStructures, ConcurrentQueueOfTbbIsFirstInFirstOut) {
  EXPECT_TRUE(IsLinearizable(CheckQueue<models::FifoQueue<int>>([] { return TbbQueue(); })));
}

TEST(LinearizableStructures, AStdSetBehindALockIsASet) {
  using Set = models::Set<int>;
  struct LockedSet {
    std::mutex mutex;
    std::set<int> set;
  };

  EXPECT_TRUE(
      IsLinearizable(CheckLinearizable<Set>([] { return LockedSet(); },
                                            {{{Set::Insert(1), Set::Insert(2)},
                                              [](LockedSet& object, const Set::Input& insert) {
                                                std::lock_guard hold(object.mutex);
                                                return object.set.insert(insert.key).second;
                                              }},
                                             {{Set::Erase(1), Set::Erase(2)},
                                              [](LockedSet& object, const Set::Input& erase) {
                                                std::lock_guard hold(object.mutex);
                                                return object.set.erase(erase.key) > 0;
                                              }},
                                             {{Set::Contains(1), Set::Contains(2)},
                                              [](LockedSet& object, const Set::Input& contains) {
                                                std::lock_guard hold(object.mutex);
                                                return object.set.contains(contains.key);
                                              }}},
                                            kOptions)));
}

TEST(LinearizableStructures, AStdAtomicIsARegister) {
  using Register = models::Register<int>;
  using Atomic = std::atomic<int>;

  EXPECT_TRUE(IsLinearizable(CheckLinearizable<Register>(
      [] { return Atomic(0); },
      {{{Register::Read()},
        [](Atomic& atomic, const Register::Input&) { return Register::WasRead(atomic.load()); }},
       {{Register::Write(1), Register::Write(2)},
        [](Atomic& atomic, const Register::Input& write) {
          atomic.store(write.value);
          return Register::Done();
        }},
       {{Register::CompareAndSwap(0, 1), Register::CompareAndSwap(1, 2)},
        [](Atomic& atomic, const Register::Input& cas) {
          int expected = cas.expected;
          return Register::Done(atomic.compare_exchange_strong(expected, cas.value));
        }}},
      kOptions)));
}

TEST(LinearizableStructures, OurSemaphoreHandsOutEachPermitOnce) {
  using Permits = models::Semaphore<2>;

  EXPECT_TRUE(IsLinearizable(
      CheckLinearizable<Permits>([] { return counting_semaphore<>(2); },
                                 {{{Permits::TryAcquire()},
                                   [](counting_semaphore<>& semaphore, const Permits::Input&) {
                                     return semaphore.try_acquire();
                                   }},
                                  {{Permits::Release()},
                                   [](counting_semaphore<>& semaphore, const Permits::Input&) {
                                     semaphore.release();
                                     return true;
                                   }}},
                                 kOptions)));
}

// An owner is who says so, because a real mutex must be unlocked by its thread.
template <bool kInOneStep>
struct OwnedFlag {
  bool TryLock(uint32_t who) {
    uint32_t nobody = 0;
    if (kInOneStep) return owner.compare_exchange_strong(nobody, who + 1);
    if (owner.load() != 0) return false;
    owner.store(who + 1);
    return true;
  }
  bool Unlock(uint32_t who) {
    uint32_t expected = who + 1;
    return owner.compare_exchange_strong(expected, 0);
  }

  std::atomic<uint32_t> owner{0};
};

template <bool kInOneStep>
CheckLinearizableResult CheckFlag(const CheckLinearizableOptions& options = kOptions) {
  using Mutex = models::Mutex;
  using Flag = OwnedFlag<kInOneStep>;
  return CheckLinearizable<Mutex>(
      [] { return Flag(); },
      {{{Mutex::TryLock(0), Mutex::TryLock(1)},
        [](Flag& flag, const Mutex::Input& lock) { return flag.TryLock(lock.thread); }},
       {{Mutex::Unlock(0), Mutex::Unlock(1)},
        [](Flag& flag, const Mutex::Input& unlock) { return flag.Unlock(unlock.thread); }}},
      options);
}

TEST(LinearizableStructures, AFlagThatIsComparedAndSwappedIsAMutex) {
  EXPECT_TRUE(IsLinearizable(CheckFlag<true>()));
}

TEST(LinearizableStructures, AFlagThatIsLookedAtAndThenSetIsNone) {
  const auto result = CheckFlag<false>(kUntilFound);

  EXPECT_EQ(result.verdict, Linearizability::kNo) << result.message;
}

}  // namespace
}  // namespace detect
