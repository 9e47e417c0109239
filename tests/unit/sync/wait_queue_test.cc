#include "libdetect/sync/wait_queue.h"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <vector>

namespace detect::sync {
namespace {

// Has come for every wait, so that none of these blocks: who is told, returns true all the same.
constexpr Deadline kPast{};

TEST(WaitQueue, TellsTheFirstToComeFirst) {
  WaitQueue queue;
  WaitQueue::Place first, second, third;
  queue.Join(&first);
  queue.Join(&second);
  queue.Join(&third);

  queue.NotifyOne();
  queue.NotifyOne();

  EXPECT_TRUE(queue.Wait(&first, &kPast));
  EXPECT_TRUE(queue.Wait(&second, &kPast));
  EXPECT_FALSE(queue.Wait(&third, &kPast));
}

TEST(WaitQueue, TellsAllWhoAreInLineAndNobodyWhoComesAfter) {
  WaitQueue queue;
  WaitQueue::Place early, also_early, late;
  queue.Join(&early);
  queue.Join(&also_early);

  queue.NotifyAll();
  queue.Join(&late);

  EXPECT_TRUE(queue.Wait(&early, nullptr));
  EXPECT_TRUE(queue.Wait(&also_early, nullptr));
  EXPECT_FALSE(queue.Wait(&late, &kPast));
}

TEST(WaitQueue, ForgetsANotificationForWhichNobodyIsInLine) {
  WaitQueue queue;
  WaitQueue::Place place;

  queue.NotifyOne();
  queue.NotifyAll();
  queue.Join(&place);

  EXPECT_FALSE(queue.Wait(&place, &kPast));
}

TEST(WaitQueue, KeepsTheOthersInOrderWhereverOneLeaves) {
  for (size_t leaver = 0; leaver < 3; ++leaver) {
    WaitQueue queue;
    std::vector<WaitQueue::Place> places(3);
    for (WaitQueue::Place& place : places) queue.Join(&place);

    EXPECT_FALSE(queue.Wait(&places[leaver], &kPast));

    WaitQueue::Place last;
    queue.Join(&last);
    for (size_t i = 0; i < 3; ++i) {
      if (i == leaver) continue;
      queue.NotifyOne();
      EXPECT_TRUE(queue.Wait(&places[i], &kPast)) << i << " after " << leaver << " left";
    }
    queue.NotifyOne();
    EXPECT_TRUE(queue.Wait(&last, &kPast));
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

  EXPECT_TRUE(queue->Wait(&place, nullptr));
  EXPECT_TRUE(queue->Wait(&hasty, &kPast));
}

}  // namespace
}  // namespace detect::sync
