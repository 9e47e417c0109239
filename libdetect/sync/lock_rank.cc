#include "libdetect/sync/lock_rank.h"

#include <algorithm>

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
  RankedHold holds[kMaxRankedHolds] = {};
};

thread_local constinit RankedHolds t_ranked{};

// Returns the hold of the highest rank; null when there is none.
const RankedHold* Highest(const recorder::ThreadSlot* slot) {
  const RankedHold* highest = nullptr;
  for (const RankedHold* hold = t_ranked.holds; hold != t_ranked.end(); ++hold) {
    // Another thread may have released it in this one's place.
    if (!recorder::Holds(slot, hold->lock)) continue;
    if (highest == nullptr || hold->rank.level > highest->rank.level) highest = hold;
  }
  return highest;
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
  const RankedHold* highest = Highest(slot);
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
  if (t_ranked.count == kMaxRankedHolds) return;
  *t_ranked.end() = {lock, rank};
  ++t_ranked.count;
}

void RankReleased(const void* lock) {
  RankedHold* const released = std::find_if(
      t_ranked.holds, t_ranked.end(), [lock](const RankedHold& hold) { return hold.lock == lock; });
  if (released == t_ranked.end()) return;
  std::move(released + 1, t_ranked.end(), released);
  --t_ranked.count;
}

}  // namespace detect::sync
