// Waiting until another thread waits, told by names; and what it was recorded to have done wrong.
#pragma once

#include <sched.h>

#include <cstdint>
#include <string>
#include <utility>

#include "libdetect/base/kinds.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"

namespace detect::testing {

template <typename Body>
thread NamedThread(const char* name, Body body) {
  return thread(thread_options{.name = name}, std::move(body));
}

// Returns once the thread with that name waits for what has the other name.
inline void AwaitWaitingFor(const std::string& thread_name, const std::string& resource_name) {
  const recorder::ThreadSlot& slot = SlotOf(thread_name);
  for (;; sched_yield()) {
    if ((slot.wait_sequence & 1) == 0) continue;
    const auto* resource = reinterpret_cast<const void*>(slot.wait.resource.load());
    if (RecordedName(resource) == resource_name) return;
  }
}

// Returns once the thread waits for something of that kind, and its slot.
inline const recorder::ThreadSlot& AwaitWaitingForA(ResourceKind kind,
                                                    const std::string& thread_name) {
  const recorder::ThreadSlot& slot = SlotOf(thread_name);
  while ((slot.wait_sequence & 1) == 0 || slot.wait.kind != static_cast<uint8_t>(kind)) {
    sched_yield();
  }
  return slot;
}

inline int CountMisuses(Misuse misuse) {
  int count = 0;
  for (const recorder::MisuseRecord& record : recorder::CurrentRegion()->header.misuses) {
    if (record.is_complete == 1 && record.misuse == static_cast<uint8_t>(misuse)) ++count;
  }
  return count;
}

}  // namespace detect::testing
