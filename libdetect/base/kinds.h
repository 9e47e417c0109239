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
};
inline constexpr int kResourceKindCount = 5;

enum class AccessMode : uint8_t {
  kExclusive = 0,  // a mutex, a writer
  kShared = 1,     // a reader
};
inline constexpr int kAccessModeCount = 2;

// Whom a reader-writer lock lets in first when both readers and writers wait.
enum class RwPreference : uint8_t {
  kReaders = 0,  // a reader passes waiting writers, as glibc's default does
  kWriters = 1,  // a reader queues behind the writers that came before it
};
inline constexpr int kRwPreferenceCount = 2;

// Returns "mutex", "rwlock", "thread", "condition" or "resource". Signal-safe.
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
    case ResourceKind::kUnknown:
      break;
  }
  return "resource";
}

}  // namespace detect
