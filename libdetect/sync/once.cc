#include "libdetect/sync/once.h"

#include <cstddef>

namespace detect {

[[gnu::noinline]] once_flag::once_flag(const char* name) : named_(name != nullptr) {
  if (named_) recorder::ResourceCreated(this, ResourceKind::kOnce, name, DETECT_CALLER());
}

[[gnu::noinline]] bool once_flag::Begin() {
  const recorder::Caller caller = DETECT_CALLER();
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  uint32_t state = state_.load(std::memory_order_acquire);
  while (!TryBegin(&state)) {
    if ((state & kDone) != 0) return false;
    AwaitChange(state, slot, caller);
    state = state_.load(std::memory_order_acquire);
  }
  owner_.store(sync::TidOf(slot), std::memory_order_relaxed);
  if (slot != nullptr) {
    recorder::Acquired(slot, this, ResourceKind::kOnce, AccessMode::kExclusive, caller);
  }
  return true;
}

// Returns false, with what it found in `state`, where the flag is not new.
bool once_flag::TryBegin(uint32_t* state) {
  while ((*state & kState) == 0) {
    if (state_.compare_exchange_weak(*state, *state | kRunning, std::memory_order_acquire)) {
      return true;
    }
  }
  return false;
}

void once_flag::AwaitChange(uint32_t state, recorder::ThreadSlot* slot, recorder::Caller caller) {
  recorder::ScopedWait wait(slot,
                            {.resource = recorder::AddressOf(this),
                             .kind = ResourceKind::kOnce,
                             .owner_tid = owner_.load(std::memory_order_relaxed),
                             .owner_offset = offsetof(once_flag, owner_)},
                            caller);
  // Each change of the state clears the bit and wakes all.
  while ((state & kRunning) != 0) {
    if ((state & kSleepers) == 0 &&
        !state_.compare_exchange_weak(state, state | kSleepers, std::memory_order_relaxed)) {
      continue;
    }
    sync::BlockOn(state_, state | kSleepers);
    state = state_.load(std::memory_order_relaxed);
  }
}

void once_flag::End(uint32_t state) {
  BeforeOperation(OperationKind::kRelease, this);
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot != nullptr) recorder::Released(slot, this);
  owner_.store(0, std::memory_order_relaxed);
  const uint32_t before = state_.exchange(state, std::memory_order_release);
  // Only the word's address from here on.
  if ((before & kSleepers) != 0) sync::FutexWake(state_, sync::kAllSleepers);
}

}  // namespace detect
