// A place in the order in which a program's locks are taken: upwards, each above all that are held.
//
//   detect::mutex table{"table", detect::lock_rank{1}};
//   detect::mutex row{"row", detect::lock_rank{2}};
//   row.lock();
//   table.lock();        // reported at once, also in a run where no other thread comes in between
//
// Locks of one rank are never held together. try_lock is not checked, since it does not wait; what
// it took counts as held. Locks without a rank are left alone.
//
// Context: hot. Cost: of a lock without a rank, one branch to lock and one to unlock; of one with a
// rank, a search among those held. Memory: none in the lock.
#pragma once

#include <cstdint>

#include "libdetect/base/kinds.h"
#include "libdetect/recorder/call_site.h"

namespace detect {

struct lock_rank {
  uint16_t level = 0;  // 0: none

  friend constexpr bool operator==(lock_rank, lock_rank) = default;
};

namespace sync {

// One thread holds at most as many ranked locks at a time; the ones above that are not checked.
inline constexpr uint32_t kMaxRankedHolds = 16;

// Reports Misuse::kRank where the calling thread, which is going to wait for `lock`, holds one of
// that rank or above.
void CheckRank(const void* lock, ResourceKind kind, lock_rank rank, recorder::Caller caller);

// Of the calling thread, which has taken or is about to release a lock with a rank.
void RankAcquired(const void* lock, lock_rank rank);
void RankReleased(const void* lock);

}  // namespace sync
}  // namespace detect
