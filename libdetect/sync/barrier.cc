#include "libdetect/sync/barrier.h"

#include "libdetect/base/schedule.h"

namespace detect::sync {
namespace {

// Returns whether the barrier is what the caller has come to hold last: the usual case, cheaply.
bool IsOnTop(const recorder::ThreadSlot* slot, const Barrier* barrier) {
  const uint32_t depth = slot->depth.load(std::memory_order_relaxed);
  return depth > 0 && depth <= recorder::kMaxHolds &&
         slot->holds[depth - 1].resource.load(std::memory_order_relaxed) ==
             recorder::AddressOf(barrier);
}

void RecordArrival(const Barrier* barrier, recorder::Caller caller) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr || IsOnTop(slot, barrier) || recorder::Holds(slot, barrier)) return;
  recorder::Acquired(slot, barrier, ResourceKind::kBarrier, AccessMode::kMember, caller);
}

}  // namespace

[[gnu::noinline]] Barrier::Barrier(ptrdiff_t expected, const char* name)
    : expected_(static_cast<int32_t>(expected)),
      missing_(static_cast<int32_t>(expected)),
      named_(name != nullptr) {
  if (named_) recorder::ResourceCreated(this, ResourceKind::kBarrier, name, DETECT_CALLER());
}

Barrier::~Barrier() {
  recorder::Disbanded(this);
  if (named_) recorder::ResourceDestroyed(this);
}

[[gnu::noinline]] bool Barrier::Arrive(ptrdiff_t count) {
  BeforeOperation(OperationKind::kSignal, this, DETECT_CALLER_PC());
  RecordArrival(this, DETECT_CALLER());
  return Count(count);
}

[[gnu::noinline]] bool Barrier::ArriveAndDrop() {
  BeforeOperation(OperationKind::kSignal, this, DETECT_CALLER_PC());
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot != nullptr) recorder::Released(slot, this);
  expected_.fetch_sub(1, std::memory_order_relaxed);  // with Advance, by way of missing_
  return Count(1);
}

void Barrier::Advance() {
  missing_.store(expected_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  uint32_t word = word_.load(std::memory_order_relaxed);
  uint32_t next;
  do {
    next = (word & ~(kPhase | kSleepers)) | ((word + kNextPhase) & kPhase);
  } while (!word_.compare_exchange_weak(word, next, std::memory_order_release,
                                        std::memory_order_relaxed));
  // Only the word's address from here on.
  if ((word & kSleepers) != 0) FutexWake(word_, kAllSleepers);
}

[[gnu::noinline]] void Barrier::Wait(uint32_t phase) const {
  recorder::ScopedWait wait(recorder::CurrentThread(),
                            {.resource = recorder::AddressOf(this),
                             .kind = ResourceKind::kBarrier,
                             .mode = AccessMode::kMember},
                            DETECT_CALLER());
  uint32_t word = word_.load(std::memory_order_acquire);  // with Advance
  while ((word & kPhase) == phase) {
    if ((word & kSleepers) == 0 &&
        !word_.compare_exchange_weak(word, word | kSleepers, std::memory_order_acquire)) {
      continue;
    }
    const Awoken why = BlockOn(word_, word | kSleepers, {.interruptible = true});
    word = word_.load(std::memory_order_acquire);  // with Advance
    if (why == Awoken::kInterrupted && (word & kPhase) == phase) ThrowInterrupted();
  }
}

}  // namespace detect::sync
