#include "libdetect/sync/instrumented.h"

namespace detect::sync {

ForeignLock::ForeignLock(ResourceKind kind, bool is_recursive, const char* name,
                         recorder::Caller caller)
    : kind_(kind), is_recursive_(is_recursive), named_(name != nullptr) {
  if (named_) recorder::ResourceCreated(this, kind_, name, caller);
}

ForeignLock::~ForeignLock() {
  if (named_) recorder::ResourceDestroyed(this);
}

void ForeignLock::Acquired(AccessMode mode, recorder::Caller caller) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return;
  if (mode == AccessMode::kExclusive) {
    owner_.store(slot->tid.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  if (is_recursive_) {
    recorder::AcquiredAgain(slot, this, kind_, mode, caller);
  } else {
    recorder::Acquired(slot, this, kind_, mode, caller);
  }
}

void ForeignLock::Released(AccessMode mode) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr) return;
  const int32_t owner = owner_.load(std::memory_order_relaxed);
  const bool released = recorder::Released(slot, this);
  if (mode != AccessMode::kExclusive) return;
  // Some programs unlock what another thread has locked.
  if (!released) recorder::ReleasedFor(owner, this);
  // A recursive lock may still be held.
  if (!recorder::Holds(slot, this)) owner_.store(0, std::memory_order_relaxed);
}

recorder::WaitFor ForeignLock::Wait(AccessMode mode, bool has_deadline) const {
  const auto offset = reinterpret_cast<uintptr_t>(&owner_) - reinterpret_cast<uintptr_t>(this);
  return {.resource = recorder::AddressOf(this),
          .kind = kind_,
          .mode = mode,
          .has_deadline = has_deadline,
          .owner_tid = owner_.load(std::memory_order_relaxed),
          .owner_offset = static_cast<uint32_t>(offset)};
}

}  // namespace detect::sync
