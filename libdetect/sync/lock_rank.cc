#include "libdetect/sync/lock_rank.h"

#include <algorithm>
#include <atomic>

#include "libdetect/recorder/events.h"

namespace detect::sync {
namespace {

struct RankedHold {
  const void* lock;
  lock_rank rank;
};

struct RankedHolds {
  RankedHold* end() { return holds + count; }

  uint32_t count = 0;
  uint32_t foreign_releases = 0;  // how many there were when it was last in use
  RankedHold holds[kMaxRankedHolds] = {};
};

thread_local constinit RankedHolds t_ranked{};

// How often a ranked lock was released by a thread that did not hold it. The list of the one that
// did is wrong then, and another lock may come to live at that address: so all lists are dropped,
// and at worst a lock is not checked. Relaxed: what lets a thread reuse the address orders this.
constinit std::atomic<uint32_t> g_foreign_releases{0};

RankedHolds& OwnHolds() {
  const uint32_t foreign = g_foreign_releases.load(std::memory_order_relaxed);
  if (t_ranked.foreign_releases != foreign) [[unlikely]] {
    t_ranked.foreign_releases = foreign;
    t_ranked.count = 0;
  }
  return t_ranked;
}

// Returns the hold of the highest rank; null when there is none.
const RankedHold* Highest() {
  RankedHolds& own = OwnHolds();
  const RankedHold* highest = std::max_element(
      own.holds, own.end(),
      [](const RankedHold& a, const RankedHold& b) { return a.rank.level < b.rank.level; });
  return highest == own.end() ? nullptr : highest;
}

// Returns the call site at which the thread took `lock`.
uint32_t SiteOfHold(const recorder::ThreadSlot* slot, const void* lock) {
  const uint32_t depth = slot->depth.load(std::memory_order_relaxed);
  for (uint32_t i = std::min(depth, recorder::kMaxHolds); i > 0; --i) {
    const recorder::HoldRecord& hold = slot->holds[i - 1];
    const uint64_t held = hold.resource.load(std::memory_order_relaxed) & ~recorder::kHeldAgain;
    if (held != recorder::AddressOf(lock)) continue;
    return recorder::HoldDetails::Unpack(hold.details.load(std::memory_order_relaxed)).site;
  }
  return 0;
}

}  // namespace

void CheckRank(const void* lock, ResourceKind kind, lock_rank rank, recorder::Caller caller) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return;
  const RankedHold* highest = Highest();
  if (highest == nullptr || highest->rank.level < rank.level) return;
  recorder::Misused(slot,
                    {.misuse = Misuse::kRank,
                     .resource = lock,
                     .kind = kind,
                     .other_resource = highest->lock,
                     .other_site = SiteOfHold(slot, highest->lock)},
                    caller);
}

void RankAcquired(const void* lock, lock_rank rank) {
  RankedHolds& own = OwnHolds();
  if (own.count == kMaxRankedHolds) return;
  *own.end() = {lock, rank};
  ++own.count;
}

void RankReleased(const void* lock) {
  RankedHolds& own = OwnHolds();
  RankedHold* const released = std::find_if(
      own.holds, own.end(), [lock](const RankedHold& hold) { return hold.lock == lock; });
  if (released != own.end()) {
    std::move(released + 1, own.end(), released);
    --own.count;
    return;
  }
  const recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr || recorder::Holds(slot, lock)) return;  // not in the list, but its own
  g_foreign_releases.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace detect::sync
