// The words that events, snapshots and reports share: what a thread can hold or wait for, and how.
//
// The values are part of the region's layout, which other processes read: never renumber one.
#pragma once

#include <cstdint>

namespace detect {

enum class ResourceKind : uint8_t {
  kUnknown = 0,
  kMutex = 1,
  kRwLock = 2,
  kThread = 3,     // waited for by join
  kCondition = 4,  // has no owner: anyone may notify it
  kSemaphore = 5,  // a member holds a permit
  kLatch = 6,      // anyone may count it down
  kBarrier = 7,    // a member takes part
  kOnce = 8,       // owned by the thread that runs the initialiser
  kFuture = 9,     // owned by the thread that runs its task
  kPool = 10,      // a member works for it
  kExchange = 11,  // anyone may come as the partner
};
inline constexpr int kResourceKindCount = 12;

enum class AccessMode : uint8_t {
  kExclusive = 0,  // a mutex, a writer
  kShared = 1,     // a reader
  kMember = 2,     // one of those who may end a wait for it, and keeps nobody out
};
inline constexpr int kAccessModeCount = 3;

// Whom a reader-writer lock lets in first when both readers and writers wait.
enum class RwPreference : uint8_t {
  kReaders = 0,  // a reader passes waiting writers, as glibc's default does
  kWriters = 1,  // a reader queues behind the writers that came before it
};
inline constexpr int kRwPreferenceCount = 2;

// What a program did against the rules of a type of ours, or of locks in general.
enum class Misuse : uint8_t {
  kHeldAtExit = 0,  // a thread ended while it held a lock
  kRank = 1,        // a lock was taken that ranks below one that is held
  kUnguarded = 2,   // a guarded value was used without its lock
  kConfined = 3,    // a confined object was used by another thread
  kLeftover = 4,    // a task left a value behind in its worker's slot
  kTaskDone = 5,    // task_done() was called more often than put()
};
inline constexpr int kMisuseCount = 6;

// Returns what a report calls the rule that was broken: "held-at-exit" and so on. Signal-safe.
constexpr const char* MisuseRule(Misuse misuse) {
  constexpr const char* kRules[kMisuseCount] = {
      "held-at-exit",       "lock-rank",      "unguarded-access",
      "thread-confinement", "leftover-local", "task-done",
  };
  return kRules[static_cast<int>(misuse)];
}

// Returns "mutex", "semaphore" and so on; "resource" for kUnknown. Signal-safe.
constexpr const char* ResourceKindName(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::kMutex:
      return "mutex";
    case ResourceKind::kRwLock:
      return "rwlock";
    case ResourceKind::kThread:
      return "thread";
    case ResourceKind::kCondition:
      return "condition";
    case ResourceKind::kSemaphore:
      return "semaphore";
    case ResourceKind::kLatch:
      return "latch";
    case ResourceKind::kBarrier:
      return "barrier";
    case ResourceKind::kOnce:
      return "once";
    case ResourceKind::kFuture:
      return "future";
    case ResourceKind::kPool:
      return "pool";
    case ResourceKind::kExchange:
      return "exchange";
    case ResourceKind::kUnknown:
      break;
  }
  return "resource";
}

}  // namespace detect
