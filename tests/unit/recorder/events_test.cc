#include "libdetect/recorder/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <latch>
#include <thread>
#include <vector>

#include "tests/unit/recorder/recording.h"

namespace detect::recorder {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Events : public Recording {
 protected:
  void Acquire(const void* lock, AccessMode mode = AccessMode::kExclusive) {
    Acquired(slot_, lock, ResourceKind::kMutex, mode, {});
  }
  void AcquireAgain(const void* lock) {
    AcquiredAgain(slot_, lock, ResourceKind::kMutex, AccessMode::kExclusive, {});
  }
  // The locks that the calling thread is recorded as holding, outermost first.
  std::vector<const void*> Held() const {
    std::vector<const void*> held;
    for (uint32_t i = 0; i < slot_->depth; ++i) {
      held.push_back(reinterpret_cast<const void*>(slot_->holds[i].resource & ~kHeldAgain));
    }
    return held;
  }

  uint64_t Lost(Loss loss) const {
    return CurrentRegion()->header.losses[static_cast<uint32_t>(loss)];
  }

  uint64_t a_ = 0;
  uint64_t b_ = 0;
  uint64_t c_ = 0;
};

TEST_F(Events, AcquiredLocksAreHeldUntilReleased) {
  Acquire(&a_);
  Acquire(&b_);
  EXPECT_THAT(Held(), ElementsAre(&a_, &b_));

  EXPECT_TRUE(ReleasedFast(slot_, &b_));
  EXPECT_TRUE(ReleasedFast(slot_, &a_));
  EXPECT_THAT(Held(), IsEmpty());
}

TEST_F(Events, LocksMayBeReleasedInAnyOrder) {
  Acquire(&a_);
  Acquire(&b_);
  Acquire(&c_);

  EXPECT_FALSE(ReleasedFast(slot_, &a_));
  EXPECT_TRUE(Released(slot_, &a_));

  EXPECT_THAT(Held(), ElementsAre(&b_, &c_));
  EXPECT_TRUE(Released(slot_, &c_));
  EXPECT_TRUE(Released(slot_, &b_));
}

TEST_F(Events, ALockTakenTwiceIsReleasedTwice) {
  AcquireAgain(&a_);
  AcquireAgain(&a_);
  EXPECT_THAT(Held(), ElementsAre(&a_));

  EXPECT_FALSE(ReleasedFast(slot_, &a_));
  EXPECT_TRUE(Released(slot_, &a_));
  EXPECT_THAT(Held(), ElementsAre(&a_));
  EXPECT_TRUE(ReleasedFast(slot_, &a_));
  EXPECT_THAT(Held(), IsEmpty());
}

TEST_F(Events, ReleaseOfALockThatIsNotHeldIsRefused) { EXPECT_FALSE(Released(slot_, &a_)); }

TEST_F(Events, TheSixtyFifthHeldLockIsCountedAsLost) {
  std::vector<uint64_t> locks(kMaxHolds + 1);
  uint64_t before = Lost(Loss::kHolds);

  for (uint64_t& lock : locks) Acquire(&lock);
  EXPECT_EQ(Lost(Loss::kHolds), before + 1);

  // Its release is known for what it is: no other thread's.
  for (auto lock = locks.rbegin(); lock != locks.rend(); ++lock) {
    EXPECT_TRUE(Released(slot_, &*lock));
  }
  EXPECT_THAT(Held(), IsEmpty());
}

TEST_F(Events, AHoldReleasedByAnotherThreadIsForgotten) {
  Acquire(&a_);
  int32_t owner = slot_->tid;

  std::thread([&] { ReleasedFor(owner, &a_); }).join();

  EXPECT_THAT(Held(), ElementsAre(nullptr));
  slot_->depth = 0;
}

TEST_F(Events, ASuspendedHoldComesBackAsItWas) {
  AcquireAgain(&a_);
  AcquireAgain(&a_);

  SuspendedHold suspended = SuspendHold(slot_, &a_);
  EXPECT_THAT(Held(), IsEmpty());
  ResumeHold(slot_, &a_, suspended);

  EXPECT_THAT(Held(), ElementsAre(&a_));
  EXPECT_TRUE(Released(slot_, &a_));
  EXPECT_TRUE(Released(slot_, &a_));
  EXPECT_FALSE(Released(slot_, &a_));
}

TEST_F(Events, AThreadWaitsWhileItsScopedWaitLives) {
  uint64_t before = slot_->wait_sequence;
  EXPECT_EQ(before % 2, 0u);
  {
    ScopedWait wait(slot_, {.resource = AddressOf(&a_), .kind = ResourceKind::kMutex}, {});
    EXPECT_EQ(slot_->wait_sequence % 2, 1u);
    EXPECT_EQ(slot_->wait.resource, AddressOf(&a_));
  }
  EXPECT_EQ(slot_->wait_sequence % 2, 0u);
  EXPECT_GT(slot_->wait_sequence, before);
}

TEST_F(Events, AWaitInsideAWaitGivesTheOuterOneBack) {
  ScopedWait outer(slot_, {.resource = AddressOf(&a_), .kind = ResourceKind::kMutex}, {});
  uint64_t outer_sequence = slot_->wait_sequence;
  {
    ScopedWait inner(slot_, {.resource = AddressOf(&b_), .kind = ResourceKind::kRwLock}, {});
    EXPECT_EQ(slot_->wait.resource, AddressOf(&b_));
  }

  EXPECT_EQ(slot_->wait.resource, AddressOf(&a_));
  EXPECT_EQ(slot_->wait.kind, static_cast<uint8_t>(ResourceKind::kMutex));
  EXPECT_EQ(slot_->wait_sequence % 2, 1u);
  EXPECT_NE(slot_->wait_sequence, outer_sequence);
}

TEST_F(Events, WaitingForOneselfNudgesTheScan) {
  uint32_t before = NudgeCount();

  ScopedWait wait(slot_, {.resource = AddressOf(&a_), .owner_tid = slot_->tid}, {});

  EXPECT_EQ(NudgeCount(), before + 1);
}

TEST_F(Events, WaitingForAThreadThatRunsNudgesNobody) {
  uint32_t before = NudgeCount();
  std::thread other([&] {
    ScopedWait wait(CurrentThread(), {.resource = AddressOf(&a_), .owner_tid = slot_->tid}, {});
  });
  other.join();

  EXPECT_EQ(NudgeCount(), before);
}

TEST_F(Events, AThreadThatEndsLeavesItsSlotToTheNext) {
  const ThreadSlot* first = nullptr;
  const ThreadSlot* second = nullptr;
  uint32_t first_number = 0;
  uint32_t second_number = 0;

  std::thread([&] { first_number = (first = CurrentThread())->number; }).join();
  std::thread([&] { second_number = (second = CurrentThread())->number; }).join();

  EXPECT_EQ(first, second);
  EXPECT_LT(first_number, second_number);
}

TEST_F(Events, AThreadThatEndsWithALockHeldIsKept) {
  const ThreadSlot* slot = nullptr;

  std::thread([&] {
    slot = CurrentThread();
    Acquired(CurrentThread(), &a_, ResourceKind::kMutex, AccessMode::kExclusive, {});
  }).join();

  EXPECT_EQ(slot->state, static_cast<uint32_t>(SlotState::kEnded));
  EXPECT_EQ(slot->holds[0].resource, AddressOf(&a_));
}

TEST_F(Events, ACancelledThreadEndsToo) {
  const ThreadSlot* slot = nullptr;
  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void* argument) -> void* {
        *static_cast<const ThreadSlot**>(argument) = CurrentThread();
        pthread_exit(nullptr);
      },
      &slot);
  pthread_join(thread, nullptr);

  EXPECT_EQ(slot->state, static_cast<uint32_t>(SlotState::kFree));
}

TEST_F(Events, AThreadBeyondTheLimitIsCountedAsLost) {
  uint64_t before = Lost(Loss::kThreads);
  std::vector<ThreadSlot*> slots;
  while (ThreadSlot* slot = PrepareThread()) slots.push_back(slot);

  EXPECT_EQ(Lost(Loss::kThreads), before + 1);
  EXPECT_LT(slots.size(), kMaxThreads);
  std::thread([] { EXPECT_EQ(CurrentThread(), nullptr); }).join();

  for (ThreadSlot* slot : slots) AbandonThread(slot);
  std::thread([] { EXPECT_NE(CurrentThread(), nullptr); }).join();
}

TEST_F(Events, AForkedChildHasARegionOfItsOwnWithItsHolds) {
  Acquire(&a_);
  const Region* parent = CurrentRegion();
  pid_t child = fork();
  if (child == 0) {
    const ThreadSlot* slot = CurrentThread();
    bool right = CurrentRegion() != nullptr && CurrentRegion() != parent && slot != nullptr &&
                 slot->depth == 1 && slot->holds[0].resource == AddressOf(&a_) &&
                 CurrentRegion()->header.pid == getpid();
    _exit(right ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);

  EXPECT_EQ(status, 0);
  EXPECT_EQ(CurrentRegion(), parent);
  EXPECT_TRUE(Released(slot_, &a_));
}

TEST_F(Events, ANamedLockIsInTheRegionUntilItIsDestroyed) {
  auto find = [&]() -> const ResourceRecord* {
    for (const ResourceRecord& record : CurrentRegion()->resources) {
      if (record.address == AddressOf(&a_)) return &record;
    }
    return nullptr;
  };

  ResourceCreated(&a_, ResourceKind::kMutex, "accounts", {});
  ASSERT_NE(find(), nullptr);
  EXPECT_EQ(find()->name[0], 'a');

  ResourceDestroyed(&a_);
  EXPECT_EQ(find(), nullptr);
}

TEST_F(Events, AMisuseAtOnePlaceIsKeptOnce) {
  Header& header = CurrentRegion()->header;
  const uint32_t before = header.misuses_used;
  const MisuseOf misuse = {.misuse = Misuse::kTaskDone, .resource = &a_};

  Misused(slot_, misuse, {});
  Misused(slot_, misuse, {});

  ASSERT_EQ(header.misuses_used, before + 1);
  const MisuseRecord& record = header.misuses[before];
  EXPECT_EQ(record.misuse, static_cast<uint8_t>(Misuse::kTaskDone));
  EXPECT_EQ(record.resource, AddressOf(&a_));
  EXPECT_EQ(record.thread, slot_->number);
  EXPECT_EQ(record.is_complete, 1u);
}

TEST_F(Events, LocksThatOutliveATaskAreMisuseAndMembershipsAreNot) {
  Header& header = CurrentRegion()->header;
  const uint32_t before = header.misuses_used;
  Acquire(&a_);
  Acquire(&b_, AccessMode::kMember);
  MisusedIfHeld(slot_, 1);
  EXPECT_EQ(header.misuses_used, before);

  MisusedIfHeld(slot_, 0);

  ASSERT_EQ(header.misuses_used, before + 1);
  EXPECT_EQ(header.misuses[before].resource, AddressOf(&a_));
  EXPECT_TRUE(Released(slot_, &b_));
  EXPECT_TRUE(Released(slot_, &a_));
}

TEST_F(Events, TheLastNotificationThatNobodyHeardIsKept) {
  NotifiedNobody(slot_, &a_, {});
  NotifiedNobody(slot_, &b_, {});

  EXPECT_EQ(slot_->unheard, AddressOf(&b_));
}

TEST_F(Events, AnEndedResourceIsHeldByNobody) {
  Acquire(&a_);
  Acquire(&b_);
  ThreadSlot* other = nullptr;
  std::latch acquired(1);
  std::latch checked(1);
  std::thread holder([&] {
    other = CurrentThread();
    Acquired(other, &a_, ResourceKind::kBarrier, AccessMode::kMember, {});
    acquired.count_down();
    checked.wait();
  });
  acquired.wait();

  Disbanded(&a_);

  EXPECT_FALSE(Holds(slot_, &a_));
  EXPECT_TRUE(Holds(slot_, &b_));
  EXPECT_FALSE(Holds(other, &a_));
  checked.count_down();
  holder.join();
}

}  // namespace
}  // namespace detect::recorder
