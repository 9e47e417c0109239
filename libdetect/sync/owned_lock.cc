#include "libdetect/sync/owned_lock.h"

#include <cstddef>

namespace detect::sync {

OwnedLock::OwnedLock(const char* name, recorder::Caller caller, lock_rank rank)
    : named_(name != nullptr), rank_(rank) {
  if (named_) recorder::ResourceCreated(this, ResourceKind::kMutex, name, caller);
}

Awoken OwnedLock::Acquire(const recorder::ThreadSlot* slot, const BlockOptions& options) {
  const Awoken why = lock_.LockOrGiveUp(options);
  if (why == Awoken::kLookAgain) owner_.store(TidOf(slot), std::memory_order_relaxed);
  return why;
}

Awoken OwnedLock::AcquireRecorded(recorder::ThreadSlot* slot, const BlockOptions& options,
                                  recorder::Caller caller) {
  recorder::ScopedWait wait(slot,
                            {.resource = recorder::AddressOf(this),
                             .kind = ResourceKind::kMutex,
                             .has_deadline = options.deadline != nullptr,
                             .owner_tid = owner_.load(std::memory_order_relaxed),
                             .owner_offset = offsetof(OwnedLock, owner_)},
                            caller);
  return Acquire(slot, options);
}

void OwnedLock::LockCold(recorder::Caller caller) {
  BeforeOperation(OperationKind::kAcquire, this, caller.pc);
  LockSlow(recorder::CurrentThread(), caller);
}

void OwnedLock::LockSlow(recorder::ThreadSlot* slot, recorder::Caller caller) {
  LockOrThrow(slot, /*interruptible=*/false, caller);
}

void OwnedLock::LockInterruptibly(recorder::Caller caller) {
  BeforeOperation(OperationKind::kAcquire, this, caller.pc);
  ThrowIfInterrupted();
  LockOrThrow(recorder::CurrentThread(), /*interruptible=*/true, caller);
}

void OwnedLock::LockOrThrow(recorder::ThreadSlot* slot, bool interruptible,
                            recorder::Caller caller) {
  if (IsRanked()) CheckRank(this, ResourceKind::kMutex, rank_, caller);
  if (!TryAcquire(TidOf(slot))) {
    const BlockOptions options{.victim = slot, .interruptible = interruptible};
    const Awoken why = AcquireRecorded(slot, options, caller);
    if (why == Awoken::kVictim) ThrowVictim();
    if (why == Awoken::kInterrupted) ThrowInterrupted();
  }
  RecordAcquired(slot, caller);
}

bool OwnedLock::TryLockUntil(const Deadline& deadline, recorder::Caller caller) {
  BeforeOperation(OperationKind::kAcquire, this, caller.pc);
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (IsRanked()) CheckRank(this, ResourceKind::kMutex, rank_, caller);
  if (!TryAcquire(TidOf(slot)) &&
      AcquireRecorded(slot, {.deadline = &deadline}, caller) != Awoken::kLookAgain) {
    return false;
  }
  RecordAcquired(slot, caller);
  return true;
}

void OwnedLock::LockedAgain(recorder::Caller caller) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return;
  recorder::AcquiredAgain(slot, this, ResourceKind::kMutex, AccessMode::kExclusive, caller);
}

void OwnedLock::UnlockedOnce() {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot != nullptr) recorder::Released(slot, this);
}

void OwnedLock::RecordAcquired(recorder::ThreadSlot* slot, recorder::Caller caller) {
  if (slot == nullptr) return;
  recorder::Acquired(slot, this, ResourceKind::kMutex, AccessMode::kExclusive, caller);
  if (IsRanked()) RankAcquired(this, rank_);
}

void OwnedLock::UnlockCold(uint64_t pc) {
  BeforeOperation(OperationKind::kRelease, this, pc);
  if (IsRanked()) RankReleased(this);
}

void OwnedLock::RecordReleased() {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr || recorder::Released(slot, this)) return;
  // Some programs unlock what another thread has locked.
  recorder::ReleasedFor(owner_.load(std::memory_order_relaxed), this);
}

}  // namespace detect::sync
