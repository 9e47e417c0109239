#include "libdetect/recorder/call_site.h"

#include <errno.h>

#include "libdetect/recorder/backing.h"

namespace detect::recorder {
namespace {

// A lock's wrappers (lock_guard, a Mutex class) have small frames. Once this many bytes of stack
// lie between the lock call and a frame, that frame is somebody's code, and the call site is told
// apart.
constexpr uint64_t kSiteReachBytes = 160;
static_assert(kSiteReachBytes <= kMaxSiteOffset);
constexpr uint32_t kMaxUnwound = 64;
constexpr uint64_t kMaxFrameBytes = 1 << 20;
// What the unwinder itself may need; with less stack left a lock call must not start it.
constexpr uint64_t kUnwinderBytes = 16 * 1024;

// How far it is from a return address's stack pointer to the next one's.
constexpr uint32_t kNotLearned = 0;
constexpr uint32_t kVaries = UINT32_MAX;
constexpr uint32_t kOutermost = UINT32_MAX - 1;

struct FrameSize {
  std::atomic<uint64_t> pc;  // 0: free; set once
  std::atomic<uint32_t> bytes;
};

constexpr uint32_t kFrameSizesBits = 14;
constexpr uint32_t kMaxProbes = 16;
constinit FrameSize g_frame_sizes[1 << kFrameSizesBits]{};
// Set when a return address found no room: from then on unknown code ends a walk, for free.
constinit std::atomic<bool> g_frame_sizes_full{false};

constexpr uint32_t kSiteIndexBits = 15;
constinit std::atomic<uint32_t> g_site_index[1 << kSiteIndexBits]{};

constinit std::atomic<Unwinder> g_unwinder{nullptr};

uint64_t Mix(uint64_t value) {
  value *= 0x9E3779B97F4A7C15u;
  return value ^ (value >> 32);
}

// Returns the entry of `pc`, a free one for it, or null.
FrameSize* FindFrameSize(uint64_t pc) {
  uint64_t start = Mix(pc);
  for (uint32_t i = 0; i < kMaxProbes; ++i) {
    FrameSize& entry = g_frame_sizes[(start + i) & ((1 << kFrameSizesBits) - 1)];
    uint64_t found = entry.pc.load(std::memory_order_acquire);
    if (found == pc || found == 0) return &entry;
  }
  return nullptr;
}

uint32_t FrameBytes(uint64_t pc) {
  FrameSize* entry = FindFrameSize(pc);
  if (entry == nullptr || entry->pc.load(std::memory_order_relaxed) != pc) return kNotLearned;
  return entry->bytes.load(std::memory_order_relaxed);
}

void LearnFrame(uint64_t pc, uint32_t bytes) {
  for (;;) {
    FrameSize* entry = FindFrameSize(pc);
    if (entry == nullptr) return g_frame_sizes_full.store(true, std::memory_order_relaxed);
    uint64_t free = 0;
    if (entry->pc.load(std::memory_order_relaxed) != pc &&
        !entry->pc.compare_exchange_strong(free, pc) && free != pc) {
      continue;  // another thread took the entry for another address
    }
    uint32_t known = kNotLearned;
    if (!entry->bytes.compare_exchange_strong(known, bytes, std::memory_order_relaxed) &&
        known != bytes) {
      entry->bytes.store(kVaries, std::memory_order_relaxed);
    }
    return;
  }
}

void Learn(const UnwoundFrame* frames, uint32_t count, bool to_the_end) {
  for (uint32_t i = 0; i + 1 < count; ++i) {
    uint64_t bytes = frames[i + 1].sp - frames[i].sp;
    LearnFrame(frames[i].pc,
               bytes == 0 || bytes > kMaxFrameBytes ? kVaries : static_cast<uint32_t>(bytes));
  }
  if (to_the_end && count > 0) LearnFrame(frames[count - 1].pc, kOutermost);
}

bool InStack(uint64_t address) { return address - t_state.stack_low < t_state.stack_bytes; }

enum class WalkEnd {
  kDone,        // the outermost frame, or as far as was asked
  kNotLearned,  // the next frame's size is not known
};

// Walks outward from `caller`: at most `max` frames (at least 1), and no further than `reach`
// bytes.
WalkEnd Walk(Caller caller, uint64_t reach, UnwoundFrame* frames, uint32_t max, uint32_t* count) {
  uint64_t pc = caller.pc;
  uint64_t sp = caller.sp;
  for (*count = 0;;) {
    frames[(*count)++] = {pc, sp};
    if (*count == max) return WalkEnd::kDone;
    uint32_t bytes = FrameBytes(pc);
    if (bytes == kOutermost) return WalkEnd::kDone;
    if (bytes == kNotLearned || bytes == kVaries) return WalkEnd::kNotLearned;
    sp += bytes;
    if (sp - caller.sp > reach) return WalkEnd::kDone;
    if (!InStack(sp - 8)) return WalkEnd::kNotLearned;
    pc = *reinterpret_cast<const uint64_t*>(sp - 8);
    if (pc == 0) return WalkEnd::kNotLearned;  // no return address: the size was wrong
  }
}

// Unwinds by the compiler's tables, remembers the frame sizes met, and returns how many frames from
// `caller` outward were found.
uint32_t Unwind(Caller caller, UnwoundFrame* frames, uint32_t max) {
  Unwinder unwinder = g_unwinder.load(std::memory_order_relaxed);
  if (unwinder == nullptr || caller.sp - t_state.stack_low < kUnwinderBytes) return 0;
  UnwoundFrame all[kMaxUnwound];
  uint32_t total;
  {
    ScopedBusy busy;
    int saved_errno = errno;
    total = unwinder(all, kMaxUnwound);
    errno = saved_errno;
  }
  Learn(all, total, total < kMaxUnwound);
  uint32_t first = 0;
  while (first < total && (all[first].pc != caller.pc || all[first].sp != caller.sp)) ++first;
  uint32_t count = 0;
  for (; first < total && count < max; ++first) frames[count++] = all[first];
  return count;
}

// As Walk, with the unwinder's help where something was not met before.
uint32_t FramesOf(Caller caller, uint64_t reach, UnwoundFrame* frames, uint32_t max) {
  frames[0] = {caller.pc, caller.sp};
  if (!InStack(caller.sp)) return 1;  // a coroutine or signal stack: its size is not known
  uint32_t walked;
  if (Walk(caller, reach, frames, max, &walked) == WalkEnd::kDone) return walked;
  bool can_learn = !g_frame_sizes_full.load(std::memory_order_relaxed) &&
                   FrameBytes(frames[walked - 1].pc) == kNotLearned;
  // A frame of varying size ends a call site, but not the stack of a thread that goes to sleep.
  if (!can_learn && reach == kSiteReachBytes) return walked;
  UnwoundFrame unwound[kMaxUnwound];
  uint32_t count = Unwind(caller, unwound, max < kMaxUnwound ? max : kMaxUnwound);
  if (count <= walked) return walked;
  for (uint32_t i = 0; i < count; ++i) {
    if (unwound[i].sp - caller.sp > reach) return i;
    frames[i] = unwound[i];
  }
  return count;
}

bool Matches(const SiteRecord& site, const UnwoundFrame* frames, uint32_t count) {
  if (site.frame_count != count) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (site.frames[i] != frames[i].pc) return false;
    if (i > 0 && site.offsets[i - 1] != frames[i].sp - 8 - frames[0].sp) return false;
  }
  return true;
}

uint32_t AddSite(Region* region, const UnwoundFrame* frames, uint32_t count) {
  uint32_t number = region->header.sites_used.fetch_add(1, std::memory_order_relaxed);
  if (number >= kMaxSites) region->header.sites_used.store(kMaxSites, std::memory_order_relaxed);
  if (number >= kMaxSites || !EnsureBacked(&region->sites[number], sizeof(SiteRecord))) {
    CountLoss(Loss::kSites);
    return 0;
  }
  SiteRecord& site = region->sites[number];
  site.number = number;
  site.frame_count = static_cast<uint16_t>(count);
  for (uint32_t i = 0; i < count; ++i) {
    site.frames[i] = frames[i].pc;
    if (i > 0) site.offsets[i - 1] = static_cast<uint16_t>(frames[i].sp - 8 - frames[0].sp);
  }
  return number;
}

void CacheSite(const SiteRecord& site) {
  SiteRecord& cached = g_site_cache[SiteSlotOf(site.frames[0])];
  // Without a first frame it matches nobody while the rest changes.
  __atomic_store_n(&cached.frames[0], 0, __ATOMIC_RELAXED);
  std::atomic_thread_fence(std::memory_order_release);
  __atomic_store_n(&cached.number, site.number, __ATOMIC_RELAXED);
  __atomic_store_n(&cached.frame_count, site.frame_count, __ATOMIC_RELAXED);
  for (uint32_t i = 1; i < site.frame_count; ++i) {
    __atomic_store_n(&cached.offsets[i - 1], site.offsets[i - 1], __ATOMIC_RELAXED);
    __atomic_store_n(&cached.frames[i], site.frames[i], __ATOMIC_RELAXED);
  }
  __atomic_store_n(&cached.frames[0], site.frames[0], __ATOMIC_RELEASE);
}

}  // namespace

void SetUnwinder(Unwinder unwinder) { g_unwinder.store(unwinder, std::memory_order_relaxed); }

uint32_t SiteOfSlow(Caller caller) {
  Region* region = CurrentRegion();
  if (region == nullptr) return 0;
  UnwoundFrame frames[kMaxSiteFrames];
  uint32_t count = FramesOf(caller, kSiteReachBytes, frames, kMaxSiteFrames);

  uint64_t hash = 0;
  for (uint32_t i = 0; i < count; ++i) hash = Mix(hash + frames[i].pc);
  for (uint32_t i = 0; i < kMaxProbes; ++i) {
    std::atomic<uint32_t>& entry = g_site_index[(hash + i) & ((1 << kSiteIndexBits) - 1)];
    uint32_t number = entry.load(std::memory_order_acquire);
    if (number == 0) {
      number = AddSite(region, frames, count);
      if (number == 0) return 0;
      uint32_t expected = 0;
      entry.compare_exchange_strong(expected, number, std::memory_order_release);
    } else if (!Matches(region->sites[number], frames, count)) {
      continue;
    }
    CacheSite(region->sites[number]);
    return number;
  }
  CountLoss(Loss::kSites);
  return 0;
}

uint32_t CallStackOf(Caller caller, uint64_t* frames, uint32_t max) {
  UnwoundFrame found[kMaxWaitFrames];
  if (max > kMaxWaitFrames) max = kMaxWaitFrames;
  uint32_t count = FramesOf(caller, UINT64_MAX, found, max);
  for (uint32_t i = 0; i < count; ++i) frames[i] = found[i].pc;
  return count;
}

}  // namespace detect::recorder
