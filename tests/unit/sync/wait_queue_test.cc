#include "libdetect/sync/wait_queue.h"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <vector>

namespace detect::sync {
namespace {

// Ends the place's wait and returns whether it was told to. Its deadline has come for every wait,
// so that none of these blocks; who was told, hears of it all the same.
bool IsNotified(WaitQueue& queue, WaitQueue::Place* place) {
  const Deadline past{};
  return queue.Wait(place, {.deadline = &past}) == Awoken::kLookAgain;
}

TEST(WaitQueue, TellsTheFirstToComeFirst) {
  WaitQueue queue;
  WaitQueue::Place first, second, third;
  queue.Join(&first);
  queue.Join(&second);
  queue.Join(&third);

  queue.NotifyOne();
  queue.NotifyOne();

  EXPECT_TRUE(IsNotified(queue, &first));
  EXPECT_TRUE(IsNotified(queue, &second));
  EXPECT_FALSE(IsNotified(queue, &third));
}

TEST(WaitQueue, TellsAllWhoAreInLineAndNobodyWhoComesAfter) {
  WaitQueue queue;
  WaitQueue::Place early, also_early, late;
  queue.Join(&early);
  queue.Join(&also_early);

  queue.NotifyAll();
  queue.Join(&late);

  EXPECT_TRUE(IsNotified(queue, &early));
  EXPECT_TRUE(IsNotified(queue, &also_early));
  EXPECT_FALSE(IsNotified(queue, &late));
}

TEST(WaitQueue, ForgetsANotificationForWhichNobodyIsInLine) {
  WaitQueue queue;
  WaitQueue::Place place;

  queue.NotifyOne();
  queue.NotifyAll();
  queue.Join(&place);

  EXPECT_FALSE(IsNotified(queue, &place));
}

TEST(WaitQueue, SaysWhetherAnybodyWasInLine) {
  WaitQueue queue;
  WaitQueue::Place first, second;
  queue.Join(&first);
  queue.Join(&second);

  EXPECT_TRUE(queue.NotifyOne());
  EXPECT_TRUE(queue.NotifyAll());

  EXPECT_FALSE(queue.NotifyOne());
  EXPECT_FALSE(queue.NotifyAll());
}

TEST(WaitQueue, TellsAPlaceOutOfTurnAndOnlyOnce) {
  WaitQueue queue;
  WaitQueue::Place first, second, third;
  queue.Join(&first);
  queue.Join(&second);
  queue.Join(&third);

  queue.Notify(&second);
  queue.Notify(&second);
  queue.NotifyOne();
  queue.Notify(&first);

  EXPECT_TRUE(IsNotified(queue, &first));
  EXPECT_TRUE(IsNotified(queue, &second));
  EXPECT_FALSE(IsNotified(queue, &third));
}

TEST(WaitQueue, KeepsTheOthersInOrderWhereverOneLeaves) {
  for (size_t leaver = 0; leaver < 3; ++leaver) {
    WaitQueue queue;
    std::vector<WaitQueue::Place> places(3);
    for (WaitQueue::Place& place : places) queue.Join(&place);

    EXPECT_FALSE(IsNotified(queue, &places[leaver]));

    WaitQueue::Place last;
    queue.Join(&last);
    for (size_t i = 0; i < 3; ++i) {
      if (i == leaver) continue;
      queue.NotifyOne();
      EXPECT_TRUE(IsNotified(queue, &places[i])) << i << " after " << leaver << " left";
    }
    queue.NotifyOne();
    EXPECT_TRUE(IsNotified(queue, &last));
  }
}

// A waiter that was notified before it fell asleep, and whose queue is gone, and another one made
// in its place.
TEST(WaitQueue, MayBeGoneOnceItsWaitersAreNotified) {
  alignas(WaitQueue) unsigned char memory[sizeof(WaitQueue)];
  auto* queue = new (memory) WaitQueue;
  WaitQueue::Place place, hasty;
  queue->Join(&place);
  queue->Join(&hasty);
  queue->NotifyAll();
  queue->~WaitQueue();
  std::memset(memory, 0, sizeof memory);

  EXPECT_TRUE(IsNotified(*queue, &place));
  EXPECT_TRUE(IsNotified(*queue, &hasty));
}

}  // namespace
}  // namespace detect::sync
