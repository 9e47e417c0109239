#include "libdetect/sync/thread_confined.h"

#include "libdetect/recorder/events.h"

namespace detect {

confined_to_thread& confined_to_thread::operator=(const confined_to_thread& other) noexcept {
  region_.store(other.region_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  owner_.store(other.owner_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  site_.store(other.site_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  return *this;
}

[[gnu::noinline]] void confined_to_thread::Bind() {
  const recorder::Caller caller = DETECT_CALLER();
  const recorder::ThreadSlot* slot = recorder::CurrentThread();
  const bool known = slot != nullptr;
  region_.store(known ? recorder::CurrentRegion() : nullptr, std::memory_order_relaxed);
  owner_.store(known ? slot->number.load(std::memory_order_relaxed) : 0, std::memory_order_relaxed);
  site_.store(known ? recorder::SiteOf(caller) : 0, std::memory_order_relaxed);
}

[[gnu::noinline]] void confined_to_thread::Check() const {
  const recorder::Caller caller = DETECT_CALLER();
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  const recorder::Region* region = region_.load(std::memory_order_relaxed);
  if (slot == nullptr || region != recorder::CurrentRegion()) return;
  const uint32_t owner = owner_.load(std::memory_order_relaxed);
  if (slot->number.load(std::memory_order_relaxed) == owner) return;
  recorder::Misused(slot,
                    {.misuse = Misuse::kConfined,
                     .resource = this,
                     .other_thread = owner,
                     .other_site = site_.load(std::memory_order_relaxed)},
                    caller);
}

}  // namespace detect
