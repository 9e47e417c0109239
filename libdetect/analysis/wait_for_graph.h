// FindDeadlocks decides which threads of a Snapshot can never run again, and why.
//
//   writer  holds accounts, waits for audit     writer ──► auditor
//   auditor holds audit, waits for accounts     auditor ──► writer      neither is live
//
// A blocked thread needs others to act before it can go on: a mutex's owner, all readers of a lock
// it wants to write, the thread it joins. Those needs form an AND-OR graph. A thread is live when
// it runs, when its wait has a deadline, or when its needs can all be met by live threads; liveness
// is the least fixed point, found by working outward from the threads that run. What is left is
// dead.
//
// Not a deadlock: a queue behind a long hold (the holder runs), a ring with one timed wait in it
// (reported as temporary), a wait on a mutex that nobody holds (the next step grants it).
//
// Cost: linear in threads + holds + waits to decide; the cycle shown is the shortest one found from
// a bounded number of starts.
// Context: monitor. Threads: pure.
#pragma once

#include <vector>

#include "libdetect/snapshot/snapshot.h"

namespace detect {

// How sure a finding is, most certain first.
enum class Verdict : uint8_t {
  kProven,     // can never end by itself
  kSuspected,  // rests on a guess, which the finding names
  kPossible,   // did not happen in this run; another schedule allows it
  kTemporary,  // will end: a deadline is part of the cycle
};

// What a verdict of kSuspected rests on.
enum class Guess : uint8_t {
  kNone,
  kNobodyElseNotifies,  // every known thread sleeps; no signal handler or other process wakes one
  kEndedThreadKeepsItsLocks,  // no one unlocks in the name of a thread that has ended
};

// One arrow of a cycle: `thread` cannot go on before `blocker` acts on `resource`.
struct BlockedBy {
  ThreadIndex thread = kNoThread;
  ResourceIndex resource = kNoResource;
  ThreadIndex blocker = kNoThread;  // kNoThread: nobody in particular, as for a condition

  bool operator==(const BlockedBy&) const = default;
};

// One group of threads that block each other, with those that only queue behind it.
struct Deadlock {
  Verdict verdict = Verdict::kProven;
  Guess guess = Guess::kNone;
  // The smallest cycle found: each step's blocker is the next step's thread, the last one's is the
  // first. A single step is a thread that waits for itself and is the only member, or one that
  // waits for an ended thread or for nobody.
  std::vector<BlockedBy> cycle;
  // All that block each other, those of `cycle` included, in ascending order. Where the cycle is a
  // wait for an ended thread or for nobody: all that wait for the same.
  std::vector<ThreadIndex> members;
  // Blocked behind the members, and part of no cycle with them, in ascending order.
  std::vector<ThreadIndex> queued;
};

// Returns the deadlocks of `snapshot`, the proven first; empty when every thread is live.
std::vector<Deadlock> FindDeadlocks(const Snapshot& snapshot);

}  // namespace detect
