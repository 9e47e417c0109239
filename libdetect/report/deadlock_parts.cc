#include "libdetect/report/deadlock_parts.h"

#include <algorithm>
#include <span>
#include <utility>

namespace detect {
namespace {

// Holds sorted by one of their fields.
class HoldsBy {
 public:
  HoldsBy(const std::vector<Hold>& holds, uint32_t Hold::*field) : field_(field) {
    for (const Hold& hold : holds) sorted_.push_back(&hold);
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [&](const Hold* a, const Hold* b) { return a->*field < b->*field; });
  }

  // Returns those with `key`, in the snapshot's order.
  std::span<const Hold* const> Of(uint32_t key) const {
    const auto begin =
        std::lower_bound(sorted_.begin(), sorted_.end(), key,
                         [&](const Hold* hold, uint32_t k) { return hold->*field_ < k; });
    const auto end = std::upper_bound(
        begin, sorted_.end(), key, [&](uint32_t k, const Hold* hold) { return k < hold->*field_; });
    return {begin, end};
  }

 private:
  uint32_t Hold::*const field_;
  std::vector<const Hold*> sorted_;
};

class Dissection {
 public:
  Dissection(const Snapshot& snapshot, const Deadlock& deadlock)
      : snapshot_(snapshot),
        deadlock_(deadlock),
        by_thread_(snapshot.holds, &Hold::thread),
        by_resource_(snapshot.holds, &Hold::resource),
        concerned_(snapshot.threads.size()),
        in_cycle_(snapshot.threads.size()),
        wanted_(snapshot.resources.size()),
        first_writer_(snapshot.resources.size(), kNoThread) {
    for (ThreadIndex thread : deadlock.members) concerned_[thread] = true;
    for (ThreadIndex thread : deadlock.queued) concerned_[thread] = true;
    IndexWaitingWriters();
  }

  DeadlockParts Make() {
    AddCycle();
    for (ThreadIndex thread : deadlock_.members) {
      if (!in_cycle_[thread]) parts_.involved.push_back(PartOf(ArrowFrom(thread)));
    }
    for (ThreadIndex thread : deadlock_.queued) parts_.queued.push_back(PartOf(ArrowFrom(thread)));
    FindWanted();
    for (auto* parts : {&parts_.cycle, &parts_.involved, &parts_.queued}) AddWantedHolds(*parts);
    PutCycleHoldsFirst();
    ListResources();
    return std::move(parts_);
  }

 private:
  void IndexWaitingWriters() {
    for (ThreadIndex thread = 0; thread < snapshot_.threads.size(); ++thread) {
      const auto& wait = snapshot_.threads[thread].wait;
      if (!wait || wait->resource == kNoResource || wait->mode != AccessMode::kExclusive) continue;
      ThreadIndex& first = first_writer_[wait->resource];
      if (first == kNoThread || wait->since_ns < snapshot_.threads[first].wait->since_ns)
        first = thread;
    }
  }

  void AddCycle() {
    for (const BlockedBy& arrow : deadlock_.cycle) {
      in_cycle_[arrow.thread] = true;
      parts_.cycle.push_back(PartOf(arrow));
    }
    // A cycle of one step may end at a thread that has ended: it waits for nothing any more.
    const ThreadIndex last = deadlock_.cycle.back().blocker;
    if (last != kNoThread && !in_cycle_[last]) {
      parts_.involved.push_back(PartOf({last, kNoResource, kNoThread}));
      in_cycle_[last] = true;
      concerned_[last] = true;
    }
  }

  DeadlockPart PartOf(const BlockedBy& arrow) const {
    DeadlockPart part{arrow, kNoResource, {}};
    const auto& wait = snapshot_.threads[arrow.thread].wait;
    if (wait && arrow.resource == wait->relock && arrow.resource != kNoResource)
      part.condition = wait->resource;
    return part;
  }

  // The arrow of a thread outside the cycle: to whoever is in its way, those of the deadlock first.
  BlockedBy ArrowFrom(ThreadIndex thread) const {
    const Wait& wait = *snapshot_.threads[thread].wait;
    if (wait.relock != kNoResource) {
      const ThreadIndex holder = HolderOf(wait.relock, AccessMode::kExclusive, thread);
      if (holder != kNoThread && concerned_[holder]) return {thread, wait.relock, holder};
    }
    if (wait.resource == kNoResource) return {thread, kNoResource, kNoThread};
    const Resource& resource = snapshot_.resources[wait.resource];
    if (resource.kind == ResourceKind::kThread) return {thread, wait.resource, resource.thread};
    ThreadIndex blocker = HolderOf(wait.resource, wait.mode, thread);
    if (blocker == kNoThread && wait.mode == AccessMode::kShared)
      blocker = first_writer_[wait.resource];
    if (blocker == kNoThread && wait.pool != kNoResource)
      blocker = HolderOf(wait.pool, AccessMode::kExclusive, thread);
    return {thread, wait.resource, blocker};
  }

  // Readers are not in a reader's way. Returns kNoThread where nobody is.
  ThreadIndex HolderOf(ResourceIndex resource, AccessMode wanted, ThreadIndex waiter) const {
    ThreadIndex found = kNoThread;
    for (const Hold* hold : by_resource_.Of(resource)) {
      const bool compatible = wanted == AccessMode::kShared && hold->mode == AccessMode::kShared;
      if (compatible || hold->thread == waiter) continue;
      if (concerned_[hold->thread]) return hold->thread;
      found = hold->thread;
    }
    return found;
  }

  void AddWantedHolds(std::vector<DeadlockPart>& parts) {
    for (DeadlockPart& part : parts) {
      const ThreadIndex thread = part.arrow.thread;
      for (const Hold* hold : by_thread_.Of(thread)) {
        if (wanted_[hold->resource]) part.holds.push_back(hold);
      }
    }
  }

  void FindWanted() {
    for (const auto* parts : {&parts_.cycle, &parts_.involved, &parts_.queued}) {
      for (const DeadlockPart& part : *parts) {
        if (part.arrow.resource != kNoResource) wanted_[part.arrow.resource] = true;
        const auto& wait = snapshot_.threads[part.arrow.thread].wait;
        if (wait && wait->pool != kNoResource) wanted_[wait->pool] = true;
      }
    }
  }

  void PutCycleHoldsFirst() {
    const size_t n = parts_.cycle.size();
    for (size_t i = 0; i < n; ++i) {
      const ResourceIndex wanted = parts_.cycle[(i + n - 1) % n].arrow.resource;
      std::vector<const Hold*>& holds = parts_.cycle[i].holds;
      std::stable_partition(holds.begin(), holds.end(),
                            [&](const Hold* hold) { return hold->resource == wanted; });
    }
  }

  void ListResources() {
    std::vector<bool> listed(snapshot_.resources.size());
    const auto list = [&](ResourceIndex resource) {
      if (resource == kNoResource || listed[resource]) return;
      listed[resource] = true;
      parts_.resources.push_back(resource);
    };
    for (const auto* parts : {&parts_.cycle, &parts_.involved, &parts_.queued}) {
      for (const DeadlockPart& part : *parts) {
        for (const Hold* hold : part.holds) list(hold->resource);
        list(part.arrow.resource);
        list(part.condition);
      }
    }
  }

  const Snapshot& snapshot_;
  const Deadlock& deadlock_;
  const HoldsBy by_thread_;
  const HoldsBy by_resource_;
  std::vector<bool> concerned_;            // by thread: part of the deadlock
  std::vector<bool> in_cycle_;             // by thread: has its part already
  std::vector<bool> wanted_;               // by resource: some part waits for it
  std::vector<ThreadIndex> first_writer_;  // by resource: who waited first to have it alone
  DeadlockParts parts_;
};

}  // namespace

DeadlockParts TakeApart(const Snapshot& snapshot, const Deadlock& deadlock) {
  return Dissection(snapshot, deadlock).Make();
}

}  // namespace detect
