// OwnedLock is the lock inside every mutex of ours: a FutexLock, the owner's kernel id beside it,
// and what the recorder is told about them.
//
//   try ──taken──► owner = own id ─► Acquired            Released ─► owner = 0 ─► unlock
//    └──else──► ScopedWait around the wait ─┘
//
// The owner's id tells the monitor who stands in the way, and lets it check what the region says.
// A lock's address in the region is that of its OwnedLock: make it the first member.
//
// Context: hot. Memory: 12 bytes.
#pragma once

#include <atomic>
#include <cstdint>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"
#include "libdetect/sync/block.h"
#include "libdetect/sync/futex_lock.h"
#include "libdetect/sync/lock_rank.h"

namespace detect::sync {

class OwnedLock {
 public:
  constexpr OwnedLock() noexcept = default;
  constexpr explicit OwnedLock(lock_rank rank) noexcept : rank_(rank) {}
  // `name` is copied; null: none.
  OwnedLock(const char* name, recorder::Caller caller, lock_rank rank = {});
  constexpr ~OwnedLock() {
    if (named_) recorder::ResourceDestroyed(this);
  }
  OwnedLock(const OwnedLock&) = delete;
  OwnedLock& operator=(const OwnedLock&) = delete;

  // Takes the lock and records it. Cost: uncontended, one compare-exchange and the record.
  // Throws std::system_error(resource_deadlock_would_occur) in a victim.
  [[gnu::always_inline]] void Lock(recorder::Caller caller) {
    if constexpr (!recorder::kEnabled) {
      if (!TryAcquire(0)) LockSlow(nullptr, caller);
      return;
    }
    if (!recorder::IsOnlyRecording() || IsRanked()) [[unlikely]]
      return LockCold(caller);
    recorder::ThreadSlot* slot = recorder::t_state.slot;
    // Before the lock is taken, because no load after a locked instruction overlaps with it.
    const uint32_t site = recorder::CachedSiteOf(caller);
    if (!TryAcquire(TidOf(slot))) [[unlikely]]
      return LockSlow(slot, caller);
    if (!recorder::AcquiredFast(slot, this, ResourceKind::kMutex, AccessMode::kExclusive, site))
        [[unlikely]] {
      RecordAcquired(slot, caller);
    }
  }

  // The same, but throws detect::interrupted, without the lock, where the caller was interrupted.
  void LockInterruptibly(recorder::Caller caller);

  bool TryLock(recorder::Caller caller) {
    BeforeOperation(OperationKind::kTry, this, caller.pc);
    recorder::ThreadSlot* slot = recorder::CurrentThread();
    if (!TryAcquire(TidOf(slot))) return false;
    RecordAcquired(slot, caller);
    return true;
  }

  // Returns false when the lock could not be taken before `deadline`.
  bool TryLockUntil(const Deadline& deadline, recorder::Caller caller);

  [[gnu::always_inline]] void Unlock() {
    if constexpr (!recorder::kEnabled) return Release();
    if (IsRanked() || IsScheduled()) [[unlikely]]
      UnlockCold(DETECT_CALLER_PC());
    if (!recorder::IsRecording() || !recorder::ReleasedFast(recorder::t_state.slot, this))
        [[unlikely]] {
      RecordReleased();
    }
    Release();
  }

  // For a lock that its owner may take again: records it once more, and once less.
  void LockedAgain(recorder::Caller caller);
  void UnlockedOnce();

  // For a condition wait, which records the lock in its own way: gives it back, and takes it again
  // whatever happens.
  void Release() {
    owner_.store(0, std::memory_order_relaxed);
    lock_.unlock();
  }
  void Reacquire(const recorder::ThreadSlot* slot) {
    if (!TryAcquire(TidOf(slot))) Acquire(slot, {});
  }

 private:
  bool IsRanked() const { return rank_.level != 0; }

  bool TryAcquire(int32_t tid) {
    if (!lock_.TryLock()) return false;
    owner_.store(tid, std::memory_order_relaxed);
    return true;
  }

  Awoken Acquire(const recorder::ThreadSlot* slot, const BlockOptions& options);
  Awoken AcquireRecorded(recorder::ThreadSlot* slot, const BlockOptions& options,
                         recorder::Caller caller);
  // Of a lock with a rank, or a thread that is scheduled, or not recorded, or not yet; of any.
  void LockCold(recorder::Caller caller);
  void LockSlow(recorder::ThreadSlot* slot, recorder::Caller caller);
  void LockOrThrow(recorder::ThreadSlot* slot, bool interruptible, recorder::Caller caller);
  void RecordAcquired(recorder::ThreadSlot* slot, recorder::Caller caller);
  void RecordReleased();
  // What comes first where the lock has a rank, or the thread is scheduled.
  void UnlockCold(uint64_t pc);

  FutexLock lock_;
  // The owner's kernel id; 0 where there is none, or it is not recorded. By the owner.
  std::atomic<int32_t> owner_{0};

  // Constant after construction.
  bool named_ = false;
  lock_rank rank_;
};

}  // namespace detect::sync
