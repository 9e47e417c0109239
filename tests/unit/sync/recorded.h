// What the recorder knows of this process's threads, for tests that want to see it or to wait for
// it.
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libdetect/recorder/events.h"
#include "libdetect/recorder/recorder.h"

namespace detect::testing {

inline std::string NameOf(const std::atomic<char>* name) {
  std::string text;
  for (; *name != '\0'; ++name) text += *name;
  return text;
}

// Returns the calling thread's slot.
inline const recorder::ThreadSlot& OwnSlot() { return *recorder::CurrentThread(); }

// Returns the slot of the thread with that name; waits for it to run.
inline const recorder::ThreadSlot& SlotOf(const std::string& thread_name) {
  for (;; sched_yield()) {
    const recorder::Region& region = *recorder::CurrentRegion();
    for (uint32_t i = 0; i < region.header.threads_used; ++i) {
      const recorder::ThreadSlot& slot = region.threads[i];
      const bool live = slot.state == static_cast<uint32_t>(recorder::SlotState::kLive);
      if (live && NameOf(slot.name) == thread_name) return slot;
    }
  }
}

// Returns once the thread is recorded as waiting for `resource`.
inline void AwaitWaiting(const recorder::ThreadSlot& slot, uint64_t resource) {
  while ((slot.wait_sequence & 1) == 0 || slot.wait.resource != resource) sched_yield();
}
inline void AwaitWaiting(const recorder::ThreadSlot& slot, const void* resource) {
  AwaitWaiting(slot, recorder::AddressOf(resource));
}

inline recorder::HoldDetails DetailsOf(const recorder::HoldRecord& hold) {
  return recorder::HoldDetails::Unpack(hold.details);
}

// Returns the number of times that the thread is recorded as holding `resource`.
inline int HoldCount(const recorder::ThreadSlot& slot, const void* resource) {
  int count = 0;
  for (uint32_t i = 0; i < slot.depth; ++i) {
    const uint64_t held = slot.holds[i].resource & ~recorder::kHeldAgain;
    if (held == recorder::AddressOf(resource)) count += DetailsOf(slot.holds[i]).count;
  }
  return count;
}

// The misuses that were recorded since this was made. One at the same place as an earlier one is
// not.
class MisuseLog {
 public:
  std::vector<const recorder::MisuseRecord*> Of(Misuse misuse) const {
    const recorder::Header& header = recorder::CurrentRegion()->header;
    std::vector<const recorder::MisuseRecord*> found;
    for (uint32_t i = first_; i < Used(); ++i) {
      const recorder::MisuseRecord& record = header.misuses[i];
      if (record.misuse == static_cast<uint8_t>(misuse)) found.push_back(&record);
    }
    return found;
  }

 private:
  static uint32_t Used() {
    const uint32_t used = recorder::CurrentRegion()->header.misuses_used;
    return std::min(used, recorder::kMaxMisuses);
  }

  const uint32_t first_ = Used();
};

// Returns the name recorded for the lock at `resource`; nothing where there is none.
inline std::optional<std::string> RecordedName(const void* resource) {
  for (const recorder::ResourceRecord& record : recorder::CurrentRegion()->resources) {
    if (record.address == recorder::AddressOf(resource)) return NameOf(record.name);
  }
  return std::nullopt;
}

}  // namespace detect::testing
