#include "libdetect/recorder/events.h"

#include <time.h>

#include "libdetect/recorder/backing.h"

namespace detect::recorder {
namespace {

// How many waits a blocking thread follows to see whether they lead back to itself.
constexpr uint32_t kMaxChain = 256;
constexpr uint32_t kMaxProbes = 16;

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Returns the position of the innermost hold of `resource`, or depth when there is none.
uint32_t FindHold(const ThreadSlot* slot, uint32_t depth, uint64_t resource) {
  for (uint32_t i = depth; i > 0; --i) {
    uint64_t held = slot->holds[i - 1].resource.load(std::memory_order_relaxed);
    if ((held & ~kHeldAgain) == resource) return i - 1;
  }
  return depth;
}

HoldDetails DetailsOf(const HoldRecord& hold) {
  return HoldDetails::Unpack(hold.details.load(std::memory_order_relaxed));
}

void CopyHold(const HoldRecord& from, HoldRecord* to) {
  to->details.store(from.details.load(std::memory_order_relaxed), std::memory_order_relaxed);
  to->resource.store(from.resource.load(std::memory_order_relaxed), std::memory_order_release);
}

// Changes how often a lock is held by its owner.
void AddToCount(HoldRecord* hold, uint64_t resource, int by) {
  HoldDetails details = DetailsOf(*hold);
  details.count = static_cast<uint16_t>(details.count + by);
  hold->details.store(details.Pack(), std::memory_order_relaxed);
  hold->resource.store(details.count > 1 ? resource | kHeldAgain : resource,
                       std::memory_order_relaxed);
}

// Removes holds[index]; the ones above it move down. Releases out of order are rare and shallow.
void RemoveHold(ThreadSlot* slot, uint32_t index, uint32_t depth) {
  for (uint32_t i = index; i + 1 < depth; ++i) CopyHold(slot->holds[i + 1], &slot->holds[i]);
  slot->depth.store(depth - 1, std::memory_order_release);
}

uint32_t Depth(const ThreadSlot* slot) {
  uint32_t depth = slot->depth.load(std::memory_order_relaxed);
  return depth <= kMaxHolds ? depth : kMaxHolds;
}

// A lock that is made anew where the caller held one is free.
void ForgetHold(ThreadSlot* slot, const volatile void* object) {
  uint32_t depth = Depth(slot);
  uint32_t index = FindHold(slot, depth, AddressOf(object));
  if (index < depth) RemoveHold(slot, index, depth);
}

// Takes away what the thread of `slot`, which need not be the caller's, holds of `object`.
void ClearHold(ThreadSlot* slot, const volatile void* object) {
  uint32_t depth = Depth(slot);
  uint32_t index = FindHold(slot, depth, AddressOf(object));
  if (index == depth) return;
  uint64_t held = slot->holds[index].resource.load(std::memory_order_relaxed);
  if ((held & ~kHeldAgain) == AddressOf(object)) {
    slot->holds[index].resource.compare_exchange_strong(held, 0);
  }
}

void PushOrCount(ThreadSlot* slot, const volatile void* object, HoldDetails details) {
  uint32_t depth = slot->depth.load(std::memory_order_relaxed);
  if (depth >= kMaxHolds) {
    ForgetReleasedHolds(slot);
    depth = slot->depth.load(std::memory_order_relaxed);
  }
  if (depth < kMaxHolds) return PushHold(slot, depth, object, details);
  ++t_state.lost_holds;
  CountLoss(Loss::kHolds);
}

bool IsWaiting(const ThreadSlot* slot) {
  return (slot->wait_sequence.load(std::memory_order_acquire) & 1) != 0;
}

// Returns true when the waits of `owner_tid`, of the thread it waits for, and so on, lead to
// `slot`. A hint: owners may change while it looks. What is true is for the scan to find out.
bool ClosesCycle(const ThreadSlot* slot, int32_t owner_tid) {
  int32_t own_tid = slot->tid.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < kMaxChain && owner_tid != 0; ++i) {
    if (owner_tid == own_tid) return true;
    const ThreadSlot* owner = FindThreadByTid(owner_tid);
    if (owner == nullptr || !IsWaiting(owner)) return false;
    owner_tid = owner->wait.owner_tid.load(std::memory_order_relaxed);
  }
  return false;
}

void WriteWait(ThreadSlot* slot, const WaitFor& wait, int64_t since_ns) {
  WaitRecord& record = slot->wait;
  // The even sequence is seen before any of the new fields is.
  std::atomic_thread_fence(std::memory_order_release);
  record.resource.store(wait.resource, std::memory_order_relaxed);
  record.relock.store(wait.relock, std::memory_order_relaxed);
  record.pool.store(wait.pool, std::memory_order_relaxed);
  record.since_ns.store(since_ns, std::memory_order_relaxed);
  record.kind.store(static_cast<uint8_t>(wait.kind), std::memory_order_relaxed);
  record.mode.store(static_cast<uint8_t>(wait.mode), std::memory_order_relaxed);
  record.preference.store(static_cast<uint8_t>(wait.preference), std::memory_order_relaxed);
  record.has_deadline.store(wait.has_deadline ? 1 : 0, std::memory_order_relaxed);
  record.owner_tid.store(wait.owner_tid, std::memory_order_relaxed);
  record.owner_offset.store(wait.owner_offset, std::memory_order_relaxed);
  record.permits.store(wait.permits, std::memory_order_relaxed);
}

WaitFor ReadWait(const WaitRecord& record) {
  WaitFor wait;
  wait.resource = record.resource.load(std::memory_order_relaxed);
  wait.kind = static_cast<ResourceKind>(record.kind.load(std::memory_order_relaxed));
  wait.mode = static_cast<AccessMode>(record.mode.load(std::memory_order_relaxed));
  wait.preference = static_cast<RwPreference>(record.preference.load(std::memory_order_relaxed));
  wait.has_deadline = record.has_deadline.load(std::memory_order_relaxed) != 0;
  wait.relock = record.relock.load(std::memory_order_relaxed);
  wait.pool = record.pool.load(std::memory_order_relaxed);
  wait.owner_tid = record.owner_tid.load(std::memory_order_relaxed);
  wait.owner_offset = record.owner_offset.load(std::memory_order_relaxed);
  wait.permits = record.permits.load(std::memory_order_relaxed);
  return wait;
}

// One instruction: a signal handler that waits must not be given the same number.
void RaiseSequence(ThreadSlot* slot, uint64_t by) {
  slot->wait_sequence.fetch_add(by, std::memory_order_release);
}

ResourceRecord* FindResource(Region* region, uint64_t address, uint64_t wanted) {
  uint64_t start = (address >> 3) * 0x9E3779B97F4A7C15u >> 32;
  for (uint32_t i = 0; i < kMaxProbes; ++i) {
    ResourceRecord& record = region->resources[(start + i) % kMaxResources];
    if (record.address.load(std::memory_order_acquire) == wanted) return &record;
  }
  return nullptr;
}

// Returns whether `record` tells of the same misuse at the same place.
bool IsSame(const MisuseRecord& record, Misuse misuse, uint32_t site) {
  return record.is_complete.load(std::memory_order_acquire) != 0 &&
         record.misuse.load(std::memory_order_relaxed) == static_cast<uint8_t>(misuse) &&
         record.site.load(std::memory_order_relaxed) == site;
}

void AddMisuse(const ThreadSlot* slot, const MisuseOf& misuse, uint32_t site) {
  Region* region = CurrentRegion();
  if (region == nullptr) return;
  Header& header = region->header;
  const uint32_t used = header.misuses_used.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < used && i < kMaxMisuses; ++i) {
    if (IsSame(header.misuses[i], misuse.misuse, site)) return;
  }
  if (used >= kMaxMisuses) return CountLoss(Loss::kMisuses);
  const uint32_t index = header.misuses_used.fetch_add(1, std::memory_order_relaxed);
  if (index >= kMaxMisuses) return CountLoss(Loss::kMisuses);
  MisuseRecord& record = header.misuses[index];
  record.misuse.store(static_cast<uint8_t>(misuse.misuse), std::memory_order_relaxed);
  record.kind.store(static_cast<uint8_t>(misuse.kind), std::memory_order_relaxed);
  record.thread.store(slot->number.load(std::memory_order_relaxed), std::memory_order_relaxed);
  record.site.store(site, std::memory_order_relaxed);
  record.resource.store(AddressOf(misuse.resource), std::memory_order_relaxed);
  record.other_resource.store(AddressOf(misuse.other_resource), std::memory_order_relaxed);
  record.other_thread.store(misuse.other_thread, std::memory_order_relaxed);
  record.other_site.store(misuse.other_site, std::memory_order_relaxed);
  record.is_complete.store(1, std::memory_order_release);
  Nudge();
}

}  // namespace

bool Released(ThreadSlot* slot, const volatile void* object) {
  uint32_t depth = Depth(slot);
  uint32_t index = FindHold(slot, depth, AddressOf(object));
  if (index == depth) {
    if (t_state.lost_holds == 0) return false;
    --t_state.lost_holds;
    return true;
  }
  HoldRecord& hold = slot->holds[index];
  if (DetailsOf(hold).count > 1) {
    AddToCount(&hold, AddressOf(object), -1);
  } else {
    RemoveHold(slot, index, depth);
  }
  return true;
}

void Acquired(ThreadSlot* slot, const volatile void* object, ResourceKind kind, AccessMode mode,
              Caller caller) {
  PushOrCount(slot, object, {SiteOf(caller), kind, mode});
}

void AcquiredAgain(ThreadSlot* slot, const volatile void* object, ResourceKind kind,
                   AccessMode mode, Caller caller) {
  uint32_t depth = Depth(slot);
  uint32_t index = FindHold(slot, depth, AddressOf(object));
  if (index == depth) return Acquired(slot, object, kind, mode, caller);
  AddToCount(&slot->holds[index], AddressOf(object), 1);
}

bool Holds(const ThreadSlot* slot, const volatile void* object) {
  uint32_t depth = Depth(slot);
  return FindHold(slot, depth, AddressOf(object)) < depth;
}

void ReleasedFor(int32_t owner_tid, const volatile void* object) {
  Region* region = CurrentRegion();
  if (region == nullptr || owner_tid == 0) return;
  uint32_t used = region->header.threads_used.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < used && i < kMaxThreads; ++i) {
    ThreadSlot& slot = region->threads[i];
    if (slot.tid.load(std::memory_order_relaxed) == owner_tid) ClearHold(&slot, object);
  }
}

void Disbanded(const volatile void* object) {
  Region* region = CurrentRegion();
  if (region == nullptr) return;
  uint32_t used = region->header.threads_used.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < used && i < kMaxThreads; ++i) ClearHold(&region->threads[i], object);
  ThreadSlot* slot = CurrentThread();
  if (slot != nullptr) ForgetReleasedHolds(slot);
}

void ForgetReleasedHolds(ThreadSlot* slot) {
  uint32_t depth = Depth(slot);
  for (uint32_t i = depth; i > 0; --i) {
    if (slot->holds[i - 1].resource.load(std::memory_order_relaxed) == 0) {
      RemoveHold(slot, i - 1, depth--);
    }
  }
}

SuspendedHold SuspendHold(ThreadSlot* slot, const volatile void* object) {
  SuspendedHold suspended;
  suspended.count = 0;
  if (slot == nullptr) return suspended;
  uint32_t depth = Depth(slot);
  uint32_t index = FindHold(slot, depth, AddressOf(object));
  if (index == depth) return suspended;
  suspended = DetailsOf(slot->holds[index]);
  RemoveHold(slot, index, depth);
  return suspended;
}

void ResumeHold(ThreadSlot* slot, const volatile void* object, SuspendedHold suspended) {
  if (slot == nullptr || suspended.count == 0) return;
  PushOrCount(slot, object, suspended);
  uint32_t depth = Depth(slot);
  uint32_t index = FindHold(slot, depth, AddressOf(object));
  if (index < depth) AddToCount(&slot->holds[index], AddressOf(object), 0);
}

ScopedWait::ScopedWait(ThreadSlot* slot, const WaitFor& wait, Caller caller) : slot_(slot) {
  if (slot == nullptr) return;
  was_waiting_ = IsWaiting(slot);
  outer_ = ReadWait(slot->wait);
  outer_since_ns_ = slot->wait.since_ns.load(std::memory_order_relaxed);
  if (was_waiting_) RaiseSequence(slot, 1);
  WriteWait(slot, wait, NowNs());
  uint32_t count = 0;
  uint64_t frames[kMaxWaitFrames];
  count = CallStackOf(caller, frames, kMaxWaitFrames);
  for (uint32_t i = 0; i < count; ++i) {
    slot->wait_frames[i].store(frames[i], std::memory_order_relaxed);
  }
  slot->wait.frame_count.store(count, std::memory_order_relaxed);
  RaiseSequence(slot, 1);
  // Either of two threads that close a cycle at once sees the other's wait.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (ClosesCycle(slot, wait.owner_tid)) Nudge();
}

ScopedWait::~ScopedWait() {
  if (slot_ == nullptr) return;
  RaiseSequence(slot_, 1);
  // The stack shown is the inner wait's: the outer one's is below it.
  WriteWait(slot_, outer_, outer_since_ns_);
  if (was_waiting_) RaiseSequence(slot_, 1);
}

void ResourceCreated(const volatile void* object, ResourceKind kind, const char* name,
                     Caller caller) {
  ThreadSlot* slot = CurrentThread();
  if (slot == nullptr) return;
  ForgetHold(slot, object);
  Region* region = CurrentRegion();
  if (region == nullptr) return;
  if (!EnsureBacked(region->resources, sizeof(region->resources))) {
    return CountLoss(Loss::kResources);
  }
  uint64_t address = AddressOf(object);
  ResourceRecord* record = FindResource(region, address, address);
  if (record == nullptr) record = FindResource(region, address, 0);
  if (record == nullptr) return CountLoss(Loss::kResources);
  // Taken out while its fields change: a reader would mix the old lock's with the new one's.
  record->address.store(1, std::memory_order_release);
  record->site.store(SiteOf(caller), std::memory_order_relaxed);
  record->kind.store(static_cast<uint8_t>(kind), std::memory_order_relaxed);
  uint32_t i = 0;
  for (; name != nullptr && i + 1 < kMaxName && name[i] != '\0'; ++i) {
    record->name[i].store(name[i], std::memory_order_relaxed);
  }
  record->name[i].store('\0', std::memory_order_relaxed);
  record->address.store(address, std::memory_order_release);
}

void ResourceDestroyed(const volatile void* object) {
  Region* region = CurrentRegion();
  if (region == nullptr || !HasResources()) return;
  uint64_t address = AddressOf(object);
  ResourceRecord* record = FindResource(region, address, address);
  if (record != nullptr) record->address.store(0, std::memory_order_release);
}

void NotifiedNobodySlow(ThreadSlot* slot, const volatile void* object, Caller caller) {
  slot->unheard_site.store(SiteOf(caller), std::memory_order_relaxed);
  slot->unheard.store(AddressOf(object), std::memory_order_release);
}

void Misused(ThreadSlot* slot, const MisuseOf& misuse, Caller caller) {
  if (slot != nullptr) AddMisuse(slot, misuse, SiteOf(caller));
}

void MisusedAt(ThreadSlot* slot, const MisuseOf& misuse, uint32_t site) {
  if (slot != nullptr) AddMisuse(slot, misuse, site);
}

void MisusedIfHeld(ThreadSlot* slot, uint32_t depth) {
  if (slot == nullptr) return;
  ForgetReleasedHolds(slot);
  for (uint32_t i = depth; i < Depth(slot); ++i) {
    const HoldRecord& hold = slot->holds[i];
    const HoldDetails details = DetailsOf(hold);
    if (details.mode == AccessMode::kMember) continue;
    const uint64_t resource = hold.resource.load(std::memory_order_relaxed) & ~kHeldAgain;
    AddMisuse(slot,
              {.misuse = Misuse::kHeldAtExit,
               .resource = reinterpret_cast<const void*>(resource),
               .kind = details.kind,
               .other_site = details.site},
              details.site);
  }
}

}  // namespace detect::recorder
