// NeedsOfThreads says, for each waiting thread of a Snapshot, whose acting it depends on.
//
//   reader 1 ─┐ holds                     writer ──► gate of the lock ──► reader 1
//   reader 2 ─┴───────► lock ◄─ writer                  (all of)     └──► reader 2
//
// Where several threads hold one lock, a gate stands between those that wait and those that hold,
// so that a thousand writers behind a thousand readers cost two thousand needs and not a million.
// What each wait needs:
//
//   mutex               its owner. Where several are on record, a record is stale: any of them.
//   rwlock, to write    every reader, and the owner
//   rwlock, to read     the owner; where writers go first, also each writer that came before
//   join                that thread, while it has not ended
//   initialisation      the thread that runs it
//   future              the thread that runs its task; while none does, any member of its pool
//   semaphore           any holder of a permit, where only they release them and all are on record;
//                       else `anyone`
//   all others          `anyone`
//   … with a deadline   a node of `deadlines` in between: grant it for as long as time may pass
//   … with a relock     besides, the owner of that mutex, which no deadline covers
//
// `anyone` and the threads that have ended need themselves: they act only where a pass over the
// graph grants it, because it takes them for able to.
//
// Context: monitor. Threads: pure.
#pragma once

#include <vector>

#include "libdetect/analysis/and_or_graph.h"
#include "libdetect/snapshot/snapshot.h"

namespace detect {

struct NeedsOfThreads {
  AndOrGraph graph;             // its first nodes are the threads, by ThreadIndex
  Node anyone = kNoNode;        // somebody who ends a wait that has no owner
  std::vector<Node> ended;      // threads that have ended
  std::vector<Node> deadlines;  // in front of each owned wait that has one
  // By node: the resource that a gate belongs to; kNoResource for a thread, for `anyone` and for a
  // gate of members. What a thread needs without a gate that has a resource is the object of its
  // wait, never a relock.
  std::vector<ResourceIndex> resource;
};

// An index of `snapshot` that is out of range counts as absent. Cost: linear in threads + resources
// + holds; waits for writer-preferring rwlocks are sorted.
NeedsOfThreads FindNeeds(const Snapshot& snapshot);

}  // namespace detect
