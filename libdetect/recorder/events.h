// The vocabulary: all that a producer can say of what a thread does. Nothing else is recorded.
//
//   detect::mutex ──┐   Acquired  Released  ScopedWait  ResourceCreated  ResourceDestroyed
//   preload shim  ──┼──────────────────────────────────────────────────────────────────────► region
//   harness       ──┘   PrepareThread  ThreadStarted  ThreadEnded  SetThreadName
//                       NotifiedNobody  Misused
//
// A lock call is recorded like this; the order keeps a reader from seeing what never was: a hold is
// recorded after the lock is really taken, and forgotten before it is really given back.
//
//   if (!TryLock()) { ScopedWait wait(slot, {...}, caller); Lock(); }     Released(slot, lock);
//   Acquired(slot, lock, kind, mode, caller);                             Unlock();
//
// Every function takes the caller's own slot, from CurrentThread(), which is null while recording
// is off, inside the detector's own work, or beyond a limit: then say nothing.
//
// Context: hot. Signal-safe: yes; a handler may interrupt any of them and record its own events.
// Cost: AcquiredFast and ReleasedFast are some 35 and 10 instructions, without a locked one.
#pragma once

#include <cstdint>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/call_site.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/recorder/region.h"

namespace detect::recorder {

// Returns whether the calling thread has a slot already: then t_state.slot is it.
inline __attribute__((always_inline)) bool IsRecording() {
  return kEnabled && reinterpret_cast<uintptr_t>(g_switch.region.load(std::memory_order_relaxed)) ==
                         t_state.region;
}

// The same, and nobody schedules the program: two questions and one branch, for the hottest paths.
inline __attribute__((always_inline)) bool IsOnlyRecording() {
  const auto region = reinterpret_cast<uintptr_t>(g_switch.region.load(std::memory_order_relaxed));
  const auto scheduler = reinterpret_cast<uintptr_t>(g_scheduler.load(std::memory_order_relaxed));
  return kEnabled && ((region ^ t_state.region) | scheduler) == 0;
}

// Returns the calling thread's slot, registering the thread at its first event; null when there is
// nothing to record.
inline ThreadSlot* CurrentThread() {
  if (IsRecording()) [[likely]]
    return t_state.slot;
  return kEnabled ? RegisterCurrentThread() : nullptr;
}

inline uint64_t AddressOf(const volatile void* object) {
  return reinterpret_cast<uint64_t>(object);
}

// Puts one more hold on top; there must be room.
inline __attribute__((always_inline)) void PushHold(ThreadSlot* slot, uint32_t depth,
                                                    const volatile void* object,
                                                    HoldDetails details) {
  // Raised first: a signal handler that locks here pushes above the entry that is about to be
  // written.
  slot->depth.store(depth + 1, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  HoldRecord& hold = slot->holds[depth];
  hold.details.store(details.Pack(), std::memory_order_relaxed);
  hold.resource.store(AddressOf(object), std::memory_order_release);
}

// Records that the caller now holds `object`.
void Acquired(ThreadSlot* slot, const volatile void* object, ResourceKind kind, AccessMode mode,
              Caller caller);

// The same where `site`, from CachedSiteOf, is not 0 and there is room. Returns false, with nothing
// done, elsewhere.
inline __attribute__((always_inline)) bool AcquiredFast(ThreadSlot* slot,
                                                        const volatile void* object,
                                                        ResourceKind kind, AccessMode mode,
                                                        uint32_t site) {
  uint32_t depth = slot->depth.load(std::memory_order_relaxed);
  if (site == 0 || depth >= kMaxHolds) [[unlikely]]
    return false;
  PushHold(slot, depth, object, {site, kind, mode});
  return true;
}

// As Acquired, for a lock that its owner may take again: a second time only counts.
void AcquiredAgain(ThreadSlot* slot, const volatile void* object, ResourceKind kind,
                   AccessMode mode, Caller caller);

// Records that the caller is about to release `object`. Returns false where the caller was not
// recorded as holding it; the caller may then know in whose name it releases: see ReleasedFor.
bool Released(ThreadSlot* slot, const volatile void* object);

// The same for a lock on top of the holds, held once. Returns false, with nothing done, elsewhere.
inline __attribute__((always_inline)) bool ReleasedFast(ThreadSlot* slot,
                                                        const volatile void* object) {
  uint32_t depth = slot->depth.load(std::memory_order_relaxed);
  if (depth == 0) [[unlikely]]
    return false;
  uint64_t top = slot->holds[depth - 1].resource.load(std::memory_order_relaxed);
  if (top != AddressOf(object)) [[unlikely]]
    return false;
  slot->depth.store(depth - 1, std::memory_order_release);
  return true;
}

// Returns whether the caller is recorded as holding `object`.
bool Holds(const ThreadSlot* slot, const volatile void* object);

// Records that `object`, held by the thread `owner_tid`, is released by another one.
// Cost: linear in threads.
void ReleasedFor(int32_t owner_tid, const volatile void* object);

// Records that `object` ended, and with it what anybody held of it. Cost: linear in threads.
void Disbanded(const volatile void* object);

// Makes room where others released what the caller held. Cost: quadratic in holds.
void ForgetReleasedHolds(ThreadSlot* slot);

// A hold taken off by a condition wait, to be put back as it was. A count of 0: it was not
// recorded.
using SuspendedHold = HoldDetails;
SuspendedHold SuspendHold(ThreadSlot* slot, const volatile void* object);
void ResumeHold(ThreadSlot* slot, const volatile void* object, SuspendedHold hold);

// What a thread is about to wait for.
struct WaitFor {
  uint64_t resource = 0;  // an address; for kThread the number of the thread joined
  ResourceKind kind = ResourceKind::kUnknown;
  AccessMode mode = AccessMode::kExclusive;
  RwPreference preference = RwPreference::kReaders;
  bool has_deadline = false;
  uint64_t relock = 0;        // the mutex that a condition wait takes again
  uint64_t pool = 0;          // whose members alone can end it while there is no owner; 0: none
  int32_t owner_tid = 0;      // who has it, as far as the caller can see; 0: not known
  uint32_t owner_offset = 0;  // where in the lock that id stands, bytes; 0: it does not
  uint32_t permits = 0;       // of a semaphore whose takers alone release them; 0: anyone may
};

// Records that the caller waits, for as long as the object lives. Where the owners' own waits lead
// back to the caller, it nudges whoever scans.
//
// A signal handler that waits inside a wait, or while one is being recorded, gets its own; the
// outer one is put back afterwards. Cost: about 100 ns and one clock read, before a call that is
// going to sleep.
class ScopedWait {
 public:
  // `slot` may be null: then nothing is recorded.
  ScopedWait(ThreadSlot* slot, const WaitFor& wait, Caller caller);
  ~ScopedWait();
  ScopedWait(const ScopedWait&) = delete;
  ScopedWait& operator=(const ScopedWait&) = delete;

 private:
  ThreadSlot* const slot_;
  bool was_waiting_ = false;
  WaitFor outer_;
  int64_t outer_since_ns_ = 0;
};

// Records that a lock now lives at `object`: `name` may be null. A lock that nobody announces is
// still seen; it only has no name of its own.
void ResourceCreated(const volatile void* object, ResourceKind kind, const char* name,
                     Caller caller);
// Records that the lock at `object` ended: another one may live there later.
void ResourceDestroyed(const volatile void* object);

void NotifiedNobodySlow(ThreadSlot* slot, const volatile void* object, Caller caller);

// Records that the caller notified the condition at `object` while nobody waited there. Only the
// thread's last one is kept. Cost: a few loads, if that one is of the same place; else some stores.
inline void NotifiedNobody(ThreadSlot* slot, const volatile void* object, Caller caller) {
  if (slot == nullptr) return;
  const Region* region = CurrentRegion();
  if (region == nullptr) return;
  const SiteRecord& site = region->sites[slot->unheard_site.load(std::memory_order_relaxed)];
  const bool is_same = slot->unheard.load(std::memory_order_relaxed) == AddressOf(object) &&
                       site.frames[0] == caller.pc;
  if (!is_same) NotifiedNobodySlow(slot, object, caller);
}

// What is known of a misuse beyond who did it and where.
struct MisuseOf {
  Misuse misuse = Misuse::kHeldAtExit;
  const volatile void* resource = nullptr;
  ResourceKind kind = ResourceKind::kUnknown;
  const volatile void* other_resource = nullptr;  // MisuseRecord has what these three mean
  uint32_t other_thread = 0;
  uint32_t other_site = 0;
};

// Records that the caller broke a rule, and nudges whoever scans. A second time at the same place
// is not recorded. Cost: linear in misuses so far.
void Misused(ThreadSlot* slot, const MisuseOf& misuse, Caller caller);
// The same for a place that was recorded before: a call site's number.
void MisusedAt(ThreadSlot* slot, const MisuseOf& misuse, uint32_t site);

// Records a misuse for each lock that the caller holds above the first `depth`, which it should
// have released: its thread, or its task, has ended. Locks only, not memberships.
void MisusedIfHeld(ThreadSlot* slot, uint32_t depth);

}  // namespace detect::recorder
