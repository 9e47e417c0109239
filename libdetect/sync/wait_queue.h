// WaitQueue is a line of threads that wait to be told, first come, first served.
//
//   waiter:   Join(&place) ─► lets go of what it holds ─► Wait(&place)
//   notifier: NotifyOne() takes the first place out of the line and wakes its thread
//
// Each waiter sleeps on a word of its own, on its stack, and is in line before others can act on
// what it is to be told. So no notification is lost, none goes to a thread that came later, and a
// thread that was notified no longer touches the queue: whoever notified it may destroy that.
//
// A place that gives up has to leave the line, and may find that it was notified just then, and
// the queue is gone. So the locks of all queues are kept apart from them, found by address.
//
// Context: hot. Memory: 16 bytes.
#pragma once

#include <atomic>
#include <cstdint>

#include "libdetect/sync/block.h"
#include "libdetect/sync/futex.h"

namespace detect::sync {

class WaitQueue {
 public:
  // Lives from before Join until after Wait.
  class Place {
    friend class WaitQueue;

    FutexWord notified_{0};  // 1 once it was; the upper byte is Poke's
    // Guarded by the queue's lock.
    Place* next_ = nullptr;
    Place* previous_ = nullptr;
  };

  constexpr WaitQueue() noexcept = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  void Join(Place* place);

  // Returns kLookAgain once `place` was notified; else why it gave up before. `options.victim` is
  // not for use here.
  Awoken Wait(Place* place, const BlockOptions& options);

  // Both return whether anybody was in line. Cost: with nobody, one load.
  bool NotifyOne() noexcept;
  bool NotifyAll() noexcept;
  // Notifies `place`, wherever it stands, if nobody has yet.
  void Notify(Place* place) noexcept;

 private:
  static bool IsNotified(const Place& place);
  bool Leave(Place* place);
  void TakeOut(Place* place);
  void Remove(Place* place);

  // Guarded by the queue's lock. `first_` is also read without it: what a notifier has to see, it
  // sees by way of whatever the waiter let go of after Join.
  std::atomic<Place*> first_{nullptr};
  Place* last_ = nullptr;
};

}  // namespace detect::sync
