#include "libdetect/sync/interruption.h"

#include "libdetect/sync/block.h"

namespace detect::sync {
namespace {

enum State : uint32_t {
  kIdle,
  kAsleep,
  kBeingWoken,  // the word is in use by Request
  kPending,
};

thread_local constinit Interruption* t_interruption = nullptr;

}  // namespace

Interruption* Interruption::OfCaller() { return t_interruption; }

void Interruption::Request() {
  uint32_t state = state_.load(std::memory_order_relaxed);
  do {
    if (state == kBeingWoken || state == kPending) return;
  } while (!state_.compare_exchange_weak(state, state == kAsleep ? kBeingWoken : kPending,
                                         std::memory_order_acq_rel,  // with both ends of a sleep
                                         std::memory_order_relaxed));
  if (state == kIdle) return;
  Poke(*word_.load(std::memory_order_relaxed));
  state_.store(kPending, std::memory_order_release);  // with EndSleep
  FutexWake(state_, 1);
}

bool Interruption::IsPending() const {
  const uint32_t state = state_.load(std::memory_order_acquire);  // with Request
  return state == kBeingWoken || state == kPending;
}

bool Interruption::Take() {
  uint32_t state = kPending;
  return state_.compare_exchange_strong(state, kIdle, std::memory_order_acquire);  // with Request
}

bool Interruption::BeginSleep(FutexWord& word) {
  word_.store(&word, std::memory_order_relaxed);
  uint32_t state = kIdle;
  return state_.compare_exchange_strong(state, kAsleep, std::memory_order_acq_rel);  // with Request
}

bool Interruption::EndSleep() {
  uint32_t state = kAsleep;
  if (state_.compare_exchange_strong(state, kIdle, std::memory_order_acquire)) return false;
  while (state == kBeingWoken) {
    FutexWait(state_, state);
    state = state_.load(std::memory_order_acquire);  // with Request
  }
  return true;
}

ScopedInterruption::ScopedInterruption(Interruption* interruption) {
  t_interruption = interruption;
}

ScopedInterruption::~ScopedInterruption() { t_interruption = nullptr; }

}  // namespace detect::sync
