#include "libdetect/sync/thread_local_slot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "libdetect/sync/thread.h"

namespace detect {
namespace {

// Counts how many of its kind live.
struct Counted {
  explicit Counted(std::atomic<int>* l) : living(l) { ++*living; }
  Counted(Counted&& other) noexcept : living(other.living) { ++*living; }
  ~Counted() { --*living; }

  std::atomic<int>* living;
};

TEST(ThreadLocalSlot, HasAValueForEachThread) {
  thread_local_slot<int> slot([] { return 5; });
  *slot += 1;

  thread([&] {
    EXPECT_EQ(*slot, 5);
    *slot += 10;
    EXPECT_EQ(*slot, 15);
  }).join();

  EXPECT_EQ(*slot, 6);
}

TEST(ThreadLocalSlot, HasAValueForEachObject) {
  thread_local_slot<std::string> first, second;

  first->append("1");
  second->append("2");

  EXPECT_EQ(*first, "1");
  EXPECT_EQ(*second, "2");
}

TEST(ThreadLocalSlot, MakesAValueAtItsFirstUseAndOnce) {
  int made = 0;
  thread_local_slot<int> slot([&] { return ++made; });
  EXPECT_FALSE(slot.has_value());
  EXPECT_EQ(made, 0);

  EXPECT_EQ(slot.get(), 1);
  EXPECT_EQ(slot.get(), 1);

  EXPECT_TRUE(slot.has_value());
  EXPECT_EQ(made, 1);
}

TEST(ThreadLocalSlot, TriesAgainWhereMakingAValueHasFailed) {
  bool fails = true;
  thread_local_slot<int> slot([&] { return fails ? throw std::runtime_error("no") : 3; });

  EXPECT_THROW(slot.get(), std::runtime_error);
  EXPECT_FALSE(slot.has_value());
  fails = false;

  EXPECT_EQ(slot.get(), 3);
}

TEST(ThreadLocalSlot, EndsAValueWithItsThread) {
  std::atomic<int> living = 0;
  thread_local_slot<Counted> slot([&] { return Counted(&living); });
  slot.get();

  thread([&] {
    slot.get();
    EXPECT_EQ(living, 2);
  }).join();

  EXPECT_EQ(living, 1);
}

TEST(ThreadLocalSlot, EndsAllValuesWithItself) {
  std::atomic<int> living = 0;
  std::optional<thread_local_slot<Counted>> slot([&] { return Counted(&living); });
  std::latch filled(1), over(1);
  slot->get();
  thread t([&] {
    slot->get();
    filled.count_down();
    over.wait();
  });
  filled.wait();
  EXPECT_EQ(living, 2);

  slot.reset();

  EXPECT_EQ(living, 0);
  over.count_down();
  t.join();
}

TEST(ThreadLocalSlot, EndsAValueOnceHoweverSlotAndThreadMeet) {
  for (int i = 0; i < 500; ++i) {
    std::atomic<int> living = 0;
    auto slot = std::make_unique<thread_local_slot<Counted>>([&] { return Counted(&living); });
    std::latch filled(1);
    thread t([&] {
      slot->get();
      filled.count_down();
    });
    filled.wait();

    slot.reset();
    t.join();

    ASSERT_EQ(living, 0) << "in round " << i;
  }
}

TEST(ThreadLocalSlot, ForgetsTheValueOfItsCaller) {
  std::atomic<int> living = 0;
  thread_local_slot<Counted> slot([&] { return Counted(&living); });
  slot.reset();
  slot.get();

  slot.reset();

  EXPECT_FALSE(slot.has_value());
  EXPECT_EQ(living, 0);
  slot.get();
  EXPECT_EQ(living, 1);
}

TEST(ThreadLocalSlot, MayBeUsedByTheEndOfAnotherValue) {
  std::atomic<int> living = 0;
  thread_local_slot<Counted> used_last([&] { return Counted(&living); });
  struct User {
    ~User() {
      if (slot != nullptr) slot->get();
    }
    thread_local_slot<Counted>* slot = nullptr;
  };
  thread_local_slot<std::unique_ptr<User>> user([] { return std::make_unique<User>(); });

  thread([&] { (*user)->slot = &used_last; }).join();

  EXPECT_EQ(living, 0);
}

TEST(ThreadLocalSlot, ComesAndGoesOftenInOneThread) {
  std::atomic<int> living = 0;
  for (int i = 0; i < 1000; ++i) {
    thread_local_slot<Counted> slot([&] { return Counted(&living); });
    slot.get();
    ASSERT_EQ(living, 1);
  }

  EXPECT_EQ(living, 0);
}

TEST(ThreadLocalSlot, IsOneForAllWhereItIsShared) {
  int made = 0;
  thread_local_slot<int> slot(slot_sharing::kShared, [&] { return ++made; });

  thread([&] { *slot += 10; }).join();

  EXPECT_EQ(*slot, 11);
  EXPECT_EQ(made, 1);
  slot.reset();
  EXPECT_TRUE(slot.has_value());
}

TEST(SlotsFilledSince, AreThoseOfTheCallerThatAreStillFilled) {
  thread_local_slot<int> before, kept, forgotten, shared(slot_sharing::kShared, [] { return 1; });
  before.get();
  const uint64_t mark = sync::MarkSlots();
  EXPECT_TRUE(sync::SlotsFilledSince(mark).empty());

  before.get();
  kept.get();
  shared.get();
  forgotten.get();
  forgotten.reset();
  {
    thread_local_slot<int> over;
    over.get();
  }
  thread([&] { forgotten.get(); }).join();

  const std::vector<sync::FilledSlot> filled = sync::SlotsFilledSince(mark);
  ASSERT_EQ(filled.size(), 1u);
  EXPECT_EQ(filled[0].slot, kept.id());
  EXPECT_NE(filled[0].site, 0u);
  EXPECT_TRUE(sync::SlotsFilledSince(sync::MarkSlots()).empty());
}

}  // namespace
}  // namespace detect
