// SnapshotBuilder writes a Snapshot the way one tells a deadlock: who holds what, who waits for
// what.
//
//   Snapshot s = SnapshotBuilder().Holds("t1", "A").Waits("t1", "B")
//                    .Holds("t2", "B").WaitsUntil("t2", "A", 3s).Build();
//
// Threads and locks come into being where they are first named, in that order. A lock is a mutex
// unless it was declared otherwise or somebody reads it; a thread runs unless it is said to wait.
// Waits begin one millisecond after each other, in the order in which they are told.
//
// Context: tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "libdetect/base/kinds.h"
#include "libdetect/snapshot/snapshot.h"

namespace detect {

class SnapshotBuilder {
 public:
  SnapshotBuilder();

  // A thread that runs, unless more is said of it.
  SnapshotBuilder& Runs(const std::string& thread);
  // A thread that is gone; what it holds stays locked.
  SnapshotBuilder& Ended(const std::string& thread);
  // Threads of the process that the recorder has never met.
  SnapshotBuilder& Unseen(uint32_t threads);

  // Declarations, for what its use does not tell.
  SnapshotBuilder& RwLock(const std::string& lock,
                          RwPreference preference = RwPreference::kReaders);
  SnapshotBuilder& Unknown(const std::string& resource);
  SnapshotBuilder& Kind(const std::string& resource, ResourceKind kind);

  // Exclusive: a mutex, or an rwlock for writing.
  SnapshotBuilder& Holds(const std::string& thread, const std::string& lock);
  SnapshotBuilder& Waits(const std::string& thread, const std::string& lock);
  SnapshotBuilder& WaitsUntil(const std::string& thread, const std::string& lock,
                              std::chrono::nanoseconds deadline);

  // Shared: an rwlock for reading.
  SnapshotBuilder& Reads(const std::string& thread, const std::string& lock);
  SnapshotBuilder& WaitsToRead(const std::string& thread, const std::string& lock);
  SnapshotBuilder& WaitsToReadUntil(const std::string& thread, const std::string& lock,
                                    std::chrono::nanoseconds deadline);

  // One of those who may end a wait for it: a pool's worker, the holder of a permit.
  SnapshotBuilder& IsMember(const std::string& thread, const std::string& resource);
  // Waits for a permit that only who took one of those releases.
  SnapshotBuilder& WaitsForPermit(const std::string& thread, const std::string& semaphore,
                                  uint32_t permits);
  // Waits for a task that is queued at the pool.
  SnapshotBuilder& WaitsForMember(const std::string& thread, const std::string& resource,
                                  const std::string& pool);

  SnapshotBuilder& Joins(const std::string& thread, const std::string& target);
  SnapshotBuilder& JoinsUntil(const std::string& thread, const std::string& target,
                              std::chrono::nanoseconds deadline);

  // `relock` names the mutex that the wait gave up and takes again; empty: none.
  SnapshotBuilder& WaitsOnCondition(const std::string& thread, const std::string& condition,
                                    const std::string& relock = "");
  SnapshotBuilder& WaitsOnConditionUntil(const std::string& thread, const std::string& condition,
                                         const std::string& relock,
                                         std::chrono::nanoseconds deadline);

  // Return addresses, innermost first: where `thread` waits, where it acquired `lock`, and where
  // `lock` was made.
  SnapshotBuilder& WaitStack(const std::string& thread, Stack stack);
  SnapshotBuilder& HoldStack(const std::string& thread, const std::string& lock, Stack stack);
  SnapshotBuilder& CreationStack(const std::string& lock, Stack stack);

  // Positions in the tables of the Snapshot.
  ThreadIndex thread(const std::string& name);
  ResourceIndex resource(const std::string& name);

  const Snapshot& Build() const { return snapshot_; }

 private:
  Wait& StartWait(const std::string& thread, ResourceIndex resource, AccessMode mode);
  void AddHold(const std::string& thread, const std::string& lock, AccessMode mode);

  Snapshot snapshot_;
  std::map<std::string, ThreadIndex> threads_;
  std::map<std::string, ResourceIndex> resources_;
};

// Returns `threads` threads in one ring: each holds a mutex and waits for the next one's.
Snapshot RingOfMutexes(uint32_t threads);

}  // namespace detect
