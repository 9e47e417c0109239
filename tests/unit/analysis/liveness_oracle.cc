#include "tests/unit/analysis/liveness_oracle.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "libdetect/base/kinds.h"

namespace detect {
namespace {

// A wait ends when, for each of its clauses, one of the named can act.
struct Clause {
  ResourceIndex resource;
  std::vector<ThreadIndex> any_of;
  bool anyone = false;
};

using Threads = std::set<ThreadIndex>;

std::vector<ThreadIndex> Holders(const Snapshot& snapshot, ResourceIndex resource,
                                 AccessMode mode) {
  std::vector<ThreadIndex> holders;
  for (const Hold& hold : snapshot.holds) {
    if (hold.resource == resource && hold.mode == mode) holders.push_back(hold.thread);
  }
  return holders;
}

bool BeganBefore(const Snapshot& snapshot, ThreadIndex a, ThreadIndex b) {
  const Thread& first = snapshot.threads[a];
  const Thread& second = snapshot.threads[b];
  return std::tuple(first.wait->since_ns, first.id, a) <
         std::tuple(second.wait->since_ns, second.id, b);
}

void AddOwnerClause(const Snapshot& snapshot, ResourceIndex resource,
                    std::vector<Clause>& clauses) {
  std::vector<ThreadIndex> owners = Holders(snapshot, resource, AccessMode::kExclusive);
  if (!owners.empty()) clauses.push_back({resource, owners});
}

void AddWriteClauses(const Snapshot& snapshot, ResourceIndex resource,
                     std::vector<Clause>& clauses) {
  AddOwnerClause(snapshot, resource, clauses);
  for (ThreadIndex reader : Holders(snapshot, resource, AccessMode::kShared)) {
    clauses.push_back({resource, {reader}});
  }
}

void AddReadClauses(const Snapshot& snapshot, ThreadIndex self, ResourceIndex resource,
                    std::vector<Clause>& clauses) {
  AddOwnerClause(snapshot, resource, clauses);
  if (snapshot.resources[resource].preference == RwPreference::kReaders) return;
  for (ThreadIndex other = 0; other < snapshot.threads.size(); ++other) {
    const Thread& thread = snapshot.threads[other];
    if (thread.state == ThreadState::kWaiting && thread.wait->resource == resource &&
        thread.wait->mode == AccessMode::kExclusive && BeganBefore(snapshot, other, self)) {
      clauses.push_back({resource, {other}});
    }
  }
}

uint64_t PermitsTaken(const Snapshot& snapshot, ResourceIndex semaphore) {
  uint64_t taken = 0;
  for (const Hold& hold : snapshot.holds) {
    if (hold.resource == semaphore && hold.mode == AccessMode::kMember) taken += hold.count;
  }
  return taken;
}

// Whether anyone may end the wait.
bool IsGeneric(const Snapshot& snapshot, const Wait& wait) {
  auto has = [&](ResourceIndex resource, AccessMode mode) {
    return resource != kNoResource && !Holders(snapshot, resource, mode).empty();
  };
  switch (snapshot.resources[wait.resource].kind) {
    case ResourceKind::kMutex:
    case ResourceKind::kRwLock:
    case ResourceKind::kOnce:
    case ResourceKind::kThread:
      return false;
    case ResourceKind::kSemaphore:
      return wait.permits == 0 || PermitsTaken(snapshot, wait.resource) != wait.permits;
    case ResourceKind::kFuture:
      return !has(wait.resource, AccessMode::kExclusive) && !has(wait.pool, AccessMode::kMember);
    default:
      return true;
  }
}

std::vector<Clause> WaitClauses(const Snapshot& snapshot, ThreadIndex self) {
  const Wait& wait = *snapshot.threads[self].wait;
  const Resource& resource = snapshot.resources[wait.resource];
  std::vector<Clause> clauses;
  if (resource.kind == ResourceKind::kMutex || resource.kind == ResourceKind::kOnce) {
    AddOwnerClause(snapshot, wait.resource, clauses);
  } else if (resource.kind == ResourceKind::kRwLock && wait.mode == AccessMode::kExclusive) {
    AddWriteClauses(snapshot, wait.resource, clauses);
  } else if (resource.kind == ResourceKind::kRwLock) {
    AddReadClauses(snapshot, self, wait.resource, clauses);
  } else if (resource.kind == ResourceKind::kThread) {
    bool has_ended = resource.thread == kNoThread ||
                     snapshot.threads[resource.thread].state == ThreadState::kEnded;
    if (!has_ended) clauses.push_back({wait.resource, {resource.thread}});
  } else if (IsGeneric(snapshot, wait)) {
    clauses.push_back({wait.resource, {}, true});
  } else if (resource.kind == ResourceKind::kSemaphore) {
    clauses.push_back({wait.resource, Holders(snapshot, wait.resource, AccessMode::kMember)});
  } else {
    AddOwnerClause(snapshot, wait.resource, clauses);
    if (clauses.empty()) {
      clauses.push_back({wait.resource, Holders(snapshot, wait.pool, AccessMode::kMember)});
    }
  }
  return clauses;
}

// A sleeper's deadline always comes; it is no part of what makes a cycle temporary.
bool EndsByDeadline(const Snapshot& snapshot, const Wait& wait, Trust trust) {
  return wait.has_deadline && (trust.deadlines || IsGeneric(snapshot, wait));
}

std::vector<Clause> Clauses(const Snapshot& snapshot, ThreadIndex self, Trust trust) {
  const Wait& wait = *snapshot.threads[self].wait;
  std::vector<Clause> clauses;
  if (!EndsByDeadline(snapshot, wait, trust)) clauses = WaitClauses(snapshot, self);
  if (wait.relock == kNoResource) return clauses;
  for (const Hold& hold : snapshot.holds) {
    if (hold.thread == self && hold.resource == wait.relock) return clauses;
  }
  if (snapshot.resources[wait.relock].kind == ResourceKind::kRwLock) {
    AddWriteClauses(snapshot, wait.relock, clauses);
  } else {
    AddOwnerClause(snapshot, wait.relock, clauses);
  }
  return clauses;
}

bool IsMet(const Snapshot& snapshot, const Clause& clause, const Threads& live, Trust trust) {
  auto acts = [&](ThreadIndex thread) {
    bool has_ended = snapshot.threads[thread].state == ThreadState::kEnded;
    return has_ended ? trust.ended : live.count(thread) > 0;
  };
  if (clause.anyone) return trust.anyone || snapshot.unseen_threads > 0 || !live.empty();
  return std::any_of(clause.any_of.begin(), clause.any_of.end(), acts);
}

Threads Live(const Snapshot& snapshot, Trust trust) {
  Threads live;
  for (bool changed = true; changed;) {
    changed = false;
    for (ThreadIndex thread = 0; thread < snapshot.threads.size(); ++thread) {
      ThreadState state = snapshot.threads[thread].state;
      if (state == ThreadState::kEnded) continue;
      if (state == ThreadState::kWaiting) {
        std::vector<Clause> clauses = Clauses(snapshot, thread, trust);
        auto met = [&](const Clause& clause) { return IsMet(snapshot, clause, live, trust); };
        if (!std::all_of(clauses.begin(), clauses.end(), met)) continue;
      }
      if (live.insert(thread).second) changed = true;
    }
  }
  return live;
}

// Who is reached from `thread` by at least one arrow.
Threads Reached(const std::vector<BlockedBy>& arrows, ThreadIndex thread) {
  Threads reached;
  for (bool changed = true; changed;) {
    changed = false;
    for (const BlockedBy& arrow : arrows) {
      if (arrow.thread != thread && reached.count(arrow.thread) == 0) continue;
      if (reached.insert(arrow.blocker).second) changed = true;
    }
  }
  return reached;
}

// Each thread that is reached again from all it reaches, with those.
std::vector<Deadlock> Circles(const std::vector<BlockedBy>& arrows, const Threads& fresh) {
  std::vector<Deadlock> found;
  for (ThreadIndex thread : fresh) {
    Threads circle = Reached(arrows, thread);
    auto comes_back = [&](ThreadIndex other) {
      return fresh.count(other) > 0 && Reached(arrows, other) == circle;
    };
    if (circle.count(thread) == 0 || *circle.begin() != thread) continue;
    if (!std::all_of(circle.begin(), circle.end(), comes_back)) continue;
    found.push_back({});
    found.back().members.assign(circle.begin(), circle.end());
  }
  return found;
}

// Those with an arrow to one ended thread, for each such thread; then those with one to nobody.
std::vector<Deadlock> Abandoned(const Snapshot& snapshot, const std::vector<BlockedBy>& arrows,
                                Threads fresh) {
  std::vector<ThreadIndex> causes;
  for (ThreadIndex thread = 0; thread < snapshot.threads.size(); ++thread) {
    if (snapshot.threads[thread].state == ThreadState::kEnded) causes.push_back(thread);
  }
  causes.push_back(kNoThread);
  std::vector<Deadlock> found;
  for (ThreadIndex cause : causes) {
    Deadlock deadlock;
    deadlock.guess =
        cause == kNoThread ? Guess::kNobodyElseNotifies : Guess::kEndedThreadKeepsItsLocks;
    for (const BlockedBy& arrow : arrows) {
      if (arrow.blocker != cause || fresh.erase(arrow.thread) == 0) continue;
      deadlock.members.push_back(arrow.thread);
    }
    std::sort(deadlock.members.begin(), deadlock.members.end());
    if (!deadlock.members.empty()) found.push_back(deadlock);
  }
  return found;
}

}  // namespace

Trust TrustOf(Verdict verdict) {
  if (verdict == Verdict::kSuspected) return {.anyone = false, .ended = false, .deadlines = true};
  if (verdict == Verdict::kTemporary) return {.anyone = true, .ended = true, .deadlines = false};
  return {.anyone = true, .ended = true, .deadlines = true};
}

std::vector<ThreadIndex> OracleDead(const Snapshot& snapshot, Trust trust) {
  Threads live = Live(snapshot, trust);
  std::vector<ThreadIndex> dead;
  for (ThreadIndex thread = 0; thread < snapshot.threads.size(); ++thread) {
    bool waits = snapshot.threads[thread].state == ThreadState::kWaiting;
    if (waits && live.count(thread) == 0) dead.push_back(thread);
  }
  return dead;
}

std::vector<BlockedBy> OracleArrows(const Snapshot& snapshot, Trust trust) {
  Threads live = Live(snapshot, trust);
  std::vector<BlockedBy> arrows;
  for (ThreadIndex thread : OracleDead(snapshot, trust)) {
    for (const Clause& clause : Clauses(snapshot, thread, trust)) {
      if (IsMet(snapshot, clause, live, trust)) continue;
      if (clause.anyone) arrows.push_back({thread, clause.resource, kNoThread});
      for (ThreadIndex blocker : clause.any_of) {
        arrows.push_back({thread, clause.resource, blocker});
      }
    }
  }
  return arrows;
}

std::vector<Deadlock> OracleDeadlocks(const Snapshot& snapshot) {
  std::vector<Deadlock> all;
  Threads settled;
  for (Verdict verdict : {Verdict::kProven, Verdict::kSuspected, Verdict::kTemporary}) {
    Threads fresh;
    std::vector<ThreadIndex> dead = OracleDead(snapshot, TrustOf(verdict));
    for (ThreadIndex thread : dead) {
      if (settled.count(thread) == 0) fresh.insert(thread);
    }

    // What waits behind a settled thread does not reach, through it, the deadlocks of this pass.
    std::vector<BlockedBy> arrows = OracleArrows(snapshot, TrustOf(verdict));
    std::erase_if(arrows, [&](const BlockedBy& arrow) { return settled.count(arrow.thread) > 0; });
    settled.insert(dead.begin(), dead.end());

    std::vector<Deadlock> found = verdict == Verdict::kSuspected
                                      ? Abandoned(snapshot, arrows, fresh)
                                      : Circles(arrows, fresh);
    // Who waits behind a member is told with that one, whatever else holds the member up.
    for (const Deadlock& deadlock : found) {
      for (ThreadIndex member : deadlock.members) {
        fresh.erase(member);
        std::erase_if(arrows, [&](const BlockedBy& arrow) { return arrow.thread == member; });
      }
    }
    for (Deadlock& deadlock : found) {
      deadlock.verdict = verdict;
      for (ThreadIndex thread : Threads(fresh)) {
        Threads reached = Reached(arrows, thread);
        auto is_reached = [&](ThreadIndex member) { return reached.count(member) > 0; };
        if (std::any_of(deadlock.members.begin(), deadlock.members.end(), is_reached)) {
          deadlock.queued.push_back(thread);
          fresh.erase(thread);
        }
      }
      all.push_back(deadlock);
    }
  }
  return all;
}

}  // namespace detect
