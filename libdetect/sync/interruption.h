// Interruption is a thread's flag that says it should stop, and the way out of its sleep.
//
//   idle ──BeginSleep──► asleep ──Request──► being woken ──► pending ──Take──► idle
//    └───────────────────────Request────────────────────────────┘
//
// A request that finds the thread awake stays pending until it is about to sleep; one that finds it
// asleep wakes it by poking the word it sleeps on. Meanwhile the thread does not get past EndSleep:
// what the word is in must not go away.
//
// Context: hot, where it is going to sleep anyway. Threads: Request and IsPending any, the rest its
// own. Memory: 16 bytes.
#pragma once

#include <atomic>
#include <cstdint>

#include "libdetect/sync/futex.h"

namespace detect::sync {

class Interruption {
 public:
  Interruption() = default;
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Returns the calling thread's; null in a thread that is not one of ours.
  static Interruption* OfCaller();

  void Request();
  bool IsPending() const;

  // Returns whether one was pending, which then is none any more.
  bool Take();

  // Returns false when one is pending: then the caller must not sleep.
  bool BeginSleep(FutexWord& word);
  // Returns whether one is pending: it stays so, and all other sleepers of the word were woken.
  bool EndSleep();

 private:
  FutexWord state_{0};                     // a State; see the picture
  std::atomic<FutexWord*> word_{nullptr};  // by the thread; valid while it is asleep
};

// Makes `interruption` the calling thread's while this lives.
class ScopedInterruption {
 public:
  explicit ScopedInterruption(Interruption* interruption);
  ~ScopedInterruption();
  ScopedInterruption(const ScopedInterruption&) = delete;
  ScopedInterruption& operator=(const ScopedInterruption&) = delete;
};

}  // namespace detect::sync
