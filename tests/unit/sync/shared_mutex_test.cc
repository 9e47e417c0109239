#include "libdetect/sync/shared_mutex.h"

#include <gtest/gtest.h>

#include <latch>
#include <optional>
#include <string>
#include <vector>

#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::AwaitWaiting;
using ::detect::testing::DetailsOf;
using ::detect::testing::HoldCount;
using ::detect::testing::OwnSlot;
using ::detect::testing::RecordedName;
using ::detect::testing::SlotOf;

constinit shared_mutex g_constant_initialised;
constinit shared_mutex g_readers_first{RwPreference::kReaders};

bool CanRead(shared_mutex& m) {
  bool can = false;
  thread([&] {
    can = m.try_lock_shared();
    if (can) m.unlock_shared();
  }).join();
  return can;
}

bool CanWrite(shared_mutex& m) {
  bool can = false;
  thread([&] {
    can = m.try_lock();
    if (can) m.unlock();
  }).join();
  return can;
}

TEST(SharedMutex, AdmitsReadersTogetherAndNoWriterWithThem) {
  constexpr int kReaders = 4;
  shared_mutex& m = g_constant_initialised;
  std::latch all_inside(kReaders + 1);
  std::latch leave(1);
  std::vector<thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      std::shared_lock hold(m);
      all_inside.arrive_and_wait();
      leave.wait();
    });
  }

  all_inside.arrive_and_wait();  // would not return if they came in one by one

  EXPECT_TRUE(CanRead(m));
  EXPECT_FALSE(CanWrite(m));
  leave.count_down();
  for (thread& reader : readers) reader.join();
  EXPECT_TRUE(CanWrite(m));
}

TEST(SharedMutex, AdmitsNobodyWithAWriter) {
  shared_mutex m;

  m.lock();

  EXPECT_FALSE(CanRead(m));
  EXPECT_FALSE(CanWrite(m));
  m.unlock();
  EXPECT_TRUE(CanRead(m));
  EXPECT_TRUE(CanWrite(m));
}

TEST(SharedMutex, RecordsHowItIsHeldAndByWhichName) {
  std::optional<shared_mutex> m;
  m.emplace("routes");
  const void* address = &*m;
  EXPECT_EQ(RecordedName(address), "routes");

  m->lock_shared();
  EXPECT_EQ(DetailsOf(OwnSlot().holds[0]).mode, AccessMode::kShared);
  EXPECT_EQ(DetailsOf(OwnSlot().holds[0]).kind, ResourceKind::kRwLock);
  m->unlock_shared();
  m->lock();
  EXPECT_EQ(DetailsOf(OwnSlot().holds[0]).mode, AccessMode::kExclusive);
  m->unlock();

  EXPECT_EQ(HoldCount(OwnSlot(), address), 0);
  m.reset();
  EXPECT_EQ(RecordedName(address), std::nullopt);
}

TEST(SharedMutex, ShowsWhoWaitsAndWhichWriterStandsInTheWay) {
  shared_mutex m{RwPreference::kReaders};
  m.lock();
  thread reader(thread_options{.name = "reader"}, [&] { std::shared_lock hold(m); });
  const recorder::ThreadSlot& slot = SlotOf("reader");

  AwaitWaiting(slot, &m);

  EXPECT_EQ(slot.wait.kind, static_cast<uint8_t>(ResourceKind::kRwLock));
  EXPECT_EQ(slot.wait.mode, static_cast<uint8_t>(AccessMode::kShared));
  EXPECT_EQ(slot.wait.preference, static_cast<uint8_t>(RwPreference::kReaders));
  EXPECT_EQ(slot.wait.owner_tid, OwnSlot().tid);
  const char* const owner = reinterpret_cast<const char*>(&m) + slot.wait.owner_offset;
  EXPECT_EQ(*reinterpret_cast<const std::atomic<int32_t>*>(owner), OwnSlot().tid);
  m.unlock();
  reader.join();
}

// Waits until a reader cannot come in any more, because a writer that waits has announced itself.
void AwaitClosedToReaders(shared_mutex& m) {
  while (m.try_lock_shared()) {
    m.unlock_shared();
    sched_yield();
  }
}

TEST(SharedMutex, KeepsReadersBehindAWaitingWriterWhereItPrefersWriters) {
  shared_mutex m;
  m.lock_shared();
  thread writer(thread_options{.name = "writer"}, [&] { std::lock_guard hold(m); });
  AwaitWaiting(SlotOf("writer"), &m);

  AwaitClosedToReaders(m);  // would not return if it preferred readers

  m.unlock_shared();
  writer.join();
  EXPECT_TRUE(CanRead(m));
}

TEST(SharedMutex, LetsReadersPassAWaitingWriterWhereItPrefersReaders) {
  shared_mutex& m = g_readers_first;
  m.lock_shared();
  bool written = false;
  thread writer(thread_options{.name = "writer"}, [&] {
    std::lock_guard hold(m);
    written = true;
  });
  AwaitWaiting(SlotOf("writer"), &m);

  for (int i = 0; i < 100; ++i) ASSERT_TRUE(CanRead(m));

  m.unlock_shared();
  writer.join();
  EXPECT_TRUE(written);
}

class SharedMutexOfEitherPreference : public ::testing::TestWithParam<RwPreference> {};

INSTANTIATE_TEST_SUITE_P(, SharedMutexOfEitherPreference,
                         ::testing::Values(RwPreference::kReaders, RwPreference::kWriters),
                         [](const auto& info) {
                           return info.param == RwPreference::kReaders ? "Readers" : "Writers";
                         });

TEST_P(SharedMutexOfEitherPreference, ServesReadersAndWritersThatQueueBehindAWriter) {
  shared_mutex m(GetParam());
  m.lock();
  std::atomic<int> served = 0;
  std::vector<thread> threads;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "queued " + std::to_string(i);
    threads.emplace_back(thread_options{.name = name}, [&, reads = i % 2 == 0] {
      if (reads) {
        std::shared_lock hold(m);
        ++served;
      } else {
        std::lock_guard hold(m);
        ++served;
      }
    });
    AwaitWaiting(SlotOf(name), &m);
  }

  m.unlock();
  for (thread& t : threads) t.join();

  EXPECT_EQ(served, 8);
}

TEST_P(SharedMutexOfEitherPreference, ShowsReadersOnlyWholeWrites) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 2'000;
  shared_mutex m(GetParam());
  int64_t left = 0;  // plain variables: the lock is all that orders their users
  int64_t right = 0;
  std::atomic<int> torn = 0;
  std::latch start(kThreads);
  std::vector<thread> threads;

  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      for (int round = 0; round < kRounds; ++round) {
        if ((round + i) % 4 == 0) {
          std::lock_guard hold(m);
          ++left;
          ++right;
        } else {
          std::shared_lock hold(m);
          if (left != right) ++torn;
        }
      }
    });
  }
  for (thread& t : threads) t.join();

  EXPECT_EQ(torn, 0);
  EXPECT_EQ(left, kThreads * kRounds / 4);
}

}  // namespace
}  // namespace detect
