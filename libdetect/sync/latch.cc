#include "libdetect/sync/latch.h"

#include "libdetect/base/schedule.h"

namespace detect {

[[gnu::noinline]] latch::latch(ptrdiff_t expected, const char* name)
    : state_(static_cast<uint32_t>(expected)), named_(name != nullptr) {
  if (named_) recorder::ResourceCreated(this, ResourceKind::kLatch, name, DETECT_CALLER());
}

[[gnu::noinline]] void latch::CountRecorded(ptrdiff_t count) {
  BeforeOperation(OperationKind::kSignal, this, DETECT_CALLER_PC());
  Count(count);
}

[[gnu::noinline]] void latch::arrive_and_wait(ptrdiff_t count) {
  count_down(count);
  if (!try_wait()) Wait(DETECT_CALLER());
}

[[gnu::noinline]] void latch::wait() const {
  BeforeOperation(OperationKind::kWait, this, DETECT_CALLER_PC());
  if (!try_wait()) Wait(DETECT_CALLER());
}

void latch::Wait(recorder::Caller caller) const {
  recorder::ScopedWait wait(recorder::CurrentThread(),
                            {.resource = recorder::AddressOf(this), .kind = ResourceKind::kLatch},
                            caller);
  uint32_t state = state_.fetch_or(kSleepers, std::memory_order_acquire) | kSleepers;
  while ((state & kCount) != 0) {
    const sync::Awoken why = sync::BlockOn(state_, state, {.interruptible = true});
    state = state_.load(std::memory_order_acquire);  // with count_down
    if (why == sync::Awoken::kInterrupted && (state & kCount) != 0) sync::ThrowInterrupted();
  }
}

}  // namespace detect
