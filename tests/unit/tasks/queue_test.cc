#include "libdetect/tasks/queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/thread.h"
#include "tests/unit/tasks/waiting.h"

namespace detect {
namespace {

using namespace std::chrono_literals;
using ::detect::testing::AwaitWaitingFor;
using ::detect::testing::CountMisuses;
using ::detect::testing::NamedThread;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// Never waited for in full.
constexpr auto kLong = 10min;
constexpr auto kShort = 5ms;

template <typename Queue>
std::vector<int> Drain(Queue& items) {
  std::vector<int> drained;
  while (!items.empty()) drained.push_back(items.get());
  return drained;
}

TEST(Queue, HandsOutWhatCameFirstFirst) {
  queue<int> items;

  for (int i : {3, 1, 2}) items.put(i);

  EXPECT_EQ(items.size(), 3u);
  EXPECT_EQ(Drain(items), (std::vector<int>{3, 1, 2}));
}

TEST(Queue, HandsOutWhatCameLastFirstWhereItIsLifo) {
  lifo_queue<int> items;

  for (int i : {3, 1, 2}) items.put(i);

  EXPECT_EQ(Drain(items), (std::vector<int>{2, 1, 3}));
}

TEST(Queue, HandsOutTheSmallestFirstWhereItIsByPriority) {
  priority_queue<int> smallest_first;
  priority_queue<int, std::greater<int>> largest_first;

  for (int i : {2, 5, 1, 4, 3}) {
    smallest_first.put(i);
    largest_first.put(i);
  }

  EXPECT_EQ(Drain(smallest_first), (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_EQ(Drain(largest_first), (std::vector<int>{5, 4, 3, 2, 1}));
}

TEST(Queue, IsFullAtItsBoundAndNeverWithoutOne) {
  queue<int> bounded(2);
  queue<int> unbounded;

  for (int i = 0; i < 2; ++i) bounded.put(i);
  for (int i = 0; i < 1000; ++i) unbounded.put(i);

  EXPECT_TRUE(bounded.full());
  EXPECT_EQ(bounded.maxsize(), 2u);
  EXPECT_FALSE(unbounded.full());
  EXPECT_FALSE(unbounded.empty());
}

TEST(Queue, RefusesAtOnceWhatItCannotDoAtOnce) {
  queue<int> items(1);

  EXPECT_THROW(items.get_nowait(), queue_empty);
  items.put_nowait(1);
  EXPECT_THROW(items.put_nowait(2), queue_full);
  EXPECT_EQ(items.get_nowait(), 1);
}

TEST(Queue, LeavesTheCallerAnItemForWhichThereIsNoPlace) {
  queue<std::unique_ptr<int>> items(1);
  items.put(std::make_unique<int>(1));
  auto item = std::make_unique<int>(2);

  EXPECT_THROW(items.put_nowait(std::move(item)), queue_full);
  EXPECT_THROW(items.put_for(std::move(item), 0s), queue_full);

  ASSERT_NE(item, nullptr);
  EXPECT_EQ(*items.get(), 1);
}

TEST(Queue, TimesOutNoEarlierThanItsDeadline) {
  queue<int> items(1);

  auto steady = steady_clock::now() + kShort;
  EXPECT_THROW(items.get_for(kShort), queue_empty);
  EXPECT_GE(steady_clock::now(), steady);

  auto system = system_clock::now() + kShort;
  EXPECT_THROW(items.get_until(system), queue_empty);
  EXPECT_GE(system_clock::now(), system);

  items.put_for(1, -1s);  // there is a place: the time does not matter
  steady = steady_clock::now() + kShort;
  EXPECT_THROW(items.put_for(2, kShort), queue_full);
  EXPECT_THROW(items.put_until(2, steady + kShort), queue_full);
  EXPECT_GE(steady_clock::now(), steady + kShort);
}

TEST(Queue, WakesAConsumerByAnItem) {
  queue<int> items(0, "jobs");
  int got = 0;
  thread consumer = NamedThread("consumer", [&] { got = items.get(); });
  AwaitWaitingFor("consumer", "jobs not empty");

  items.put(42);
  consumer.join();

  EXPECT_EQ(got, 42);
}

TEST(Queue, WakesAProducerByAFreePlace) {
  queue<int> items(1, "jobs");
  items.put(1);
  thread producer = NamedThread("producer", [&] { items.put_for(2, kLong); });
  AwaitWaitingFor("producer", "jobs not full");

  EXPECT_EQ(items.get(), 1);
  producer.join();

  EXPECT_EQ(items.get(), 2);
}

TEST(Queue, IsJoinedOnceEachItemIsDone) {
  queue<int> items(0, "jobs");
  items.join();  // nothing was put
  items.put(1);
  items.put(2);
  bool done = false;
  bool joined_when_done = false;
  thread joiner = NamedThread("joiner", [&] {
    items.join();
    joined_when_done = done;
  });
  AwaitWaitingFor("joiner", "jobs all done");

  Drain(items);
  items.task_done();
  AwaitWaitingFor("joiner", "jobs all done");
  done = true;
  items.task_done();
  joiner.join();

  EXPECT_TRUE(joined_when_done);
}

TEST(Queue, ReportsTaskDoneCalledMoreOftenThanPut) {
  queue<int> items;
  items.put(1);
  items.task_done();
  const int before = CountMisuses(Misuse::kTaskDone);

  EXPECT_THROW(items.task_done(), std::logic_error);

  EXPECT_EQ(CountMisuses(Misuse::kTaskDone), before + 1);
  items.join();
}

TEST(Queue, IsDrainedAfterItIsClosed) {
  queue<int> items;
  items.put(1);

  items.close();

  EXPECT_TRUE(items.is_closed());
  EXPECT_THROW(items.put(2), queue_closed);
  EXPECT_THROW(items.put_nowait(2), queue_closed);
  EXPECT_EQ(items.get(), 1);
  EXPECT_THROW(items.get(), queue_closed);
  EXPECT_THROW(items.get_for(kLong), queue_closed);
  EXPECT_THROW(items.get_nowait(), queue_closed);
}

TEST(Queue, WakesAllWhoWaitWhenItIsClosed) {
  queue<int> empty(0, "empty");
  queue<int> full(1, "full");
  full.put(1);
  std::vector<thread> threads;
  for (const char* name : {"consumer 1", "consumer 2"}) {
    threads.push_back(NamedThread(name, [&] { EXPECT_THROW(empty.get(), queue_closed); }));
    AwaitWaitingFor(name, "empty not empty");
  }
  for (const char* name : {"producer 1", "producer 2"}) {
    threads.push_back(NamedThread(name, [&] { EXPECT_THROW(full.put(2), queue_closed); }));
    AwaitWaitingFor(name, "full not full");
  }

  empty.close();
  full.close();

  for (thread& each : threads) each.join();
  EXPECT_EQ(full.get(), 1);
}

TEST(Queue, EndsAllConsumersByOnePoison) {
  constexpr int kPoison = -1;
  queue<int> items(0, "jobs");
  std::vector<thread> consumers;
  for (const char* name : {"consumer 1", "consumer 2", "consumer 3"}) {
    consumers.push_back(NamedThread(name, [&] {
      while (items.get_unless(kPoison)) items.task_done();
    }));
    AwaitWaitingFor(name, "jobs not empty");
  }

  for (int i = 0; i < 10; ++i) items.put(i);
  items.join();
  items.put(kPoison);

  for (thread& consumer : consumers) consumer.join();
  EXPECT_EQ(items.get(), kPoison);
}

TEST(Queue, LetsAnInterruptionEndEachOfItsWaits) {
  queue<int> empty(0, "jobs");
  queue<int> full(1, "results");
  full.put(1);
  const auto is_interrupted = [](const char* condition, auto wait) {
    bool interrupted_there = false;
    thread waiter = NamedThread("waiter", [&] {
      try {
        wait();
      } catch (const interrupted&) {
        interrupted_there = true;
      }
    });
    AwaitWaitingFor("waiter", condition);
    waiter.interrupt();
    waiter.join();
    return interrupted_there;
  };

  EXPECT_TRUE(is_interrupted("jobs not empty", [&] { empty.get(); }));
  EXPECT_TRUE(is_interrupted("results not full", [&] { full.put(2); }));
  EXPECT_TRUE(is_interrupted("results all done", [&] { full.join(); }));

  EXPECT_EQ(full.size(), 1u);
}

TEST(Queue, HandsEachItemOfManyProducersToOneOfManyConsumers) {
  constexpr int kThreads = 4;
  constexpr int kItems = 2000;
  queue<int> items(3);
  std::vector<thread> producers;
  std::vector<thread> consumers;
  std::vector<std::vector<int>> got(kThreads);

  for (int t = 0; t < kThreads; ++t) {
    producers.emplace_back([&items, t] {
      for (int i = t; i < kItems; i += kThreads) items.put(i);
    });
    consumers.emplace_back([&items, &mine = got[t]] {
      try {
        for (;;) {
          mine.push_back(items.get());
          items.task_done();
        }
      } catch (const queue_closed&) {
      }
    });
  }
  for (thread& producer : producers) producer.join();
  items.join();
  items.close();
  for (thread& consumer : consumers) consumer.join();

  std::vector<int> times(kItems);
  for (const std::vector<int>& mine : got) {
    for (int item : mine) ++times[item];
  }
  EXPECT_EQ(times, std::vector<int>(kItems, 1));
}

}  // namespace
}  // namespace detect
