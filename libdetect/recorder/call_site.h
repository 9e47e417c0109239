// Where a lock is taken: a few return addresses, found in nanoseconds by remembering the stack.
//
// Unwinding by the compiler's tables costs microseconds, too much for a lock call. But the distance
// from one return address to the next is a property of the code between them, so it is learned once
// per return address, by the real unwinder, and from then on a stack is walked by adding:
//
//   pc0, sp0 ──► sp1 = sp0 + bytes(pc0) ──► pc1 = word below sp1 ──► sp2 = sp1 + bytes(pc1) ──► …
//
// A call stack at which locks are taken is kept once, as a SiteRecord with the summed distances;
// taking a lock there again only compares the words on the stack with it.
//
// Frames without a constant size (alloca) are recognised when a second unwinding disagrees with the
// first; the walk ends before them. Every word read lies in the caller's own stack.
//
// Context: hot. Signal-safe: yes.
#pragma once

#include <cstdint>

#include "libdetect/recorder/recorder.h"
#include "libdetect/recorder/region.h"

namespace detect::recorder {

// The user's call into one of our functions: where it returns to, and the stack pointer then.
struct Caller {
  uint64_t pc = 0;
  uint64_t sp = 0;
};

// The caller of the function that this stands in, which must not be inlined.
#define DETECT_CALLER()                                                                \
  (::detect::recorder::Caller{reinterpret_cast<uint64_t>(__builtin_return_address(0)), \
                              reinterpret_cast<uint64_t>(__builtin_dwarf_cfa())})

// One frame as an unwinder sees it: `sp` is the stack pointer at `pc`, a return address.
struct UnwoundFrame {
  uint64_t pc = 0;
  uint64_t sp = 0;
};

// Fills `frames` from the caller's own caller outward, at most `max`, and returns how many; signal
// frames end the list. It may be called anywhere, so it must neither allocate nor take a lock.
using Unwinder = uint32_t (*)(UnwoundFrame* frames, uint32_t max);

// Sets the unwinder, before Start, or takes it away, at any time. Without one a call stack ends
// where it comes to code that was not met before.
void SetUnwinder(Unwinder unwinder);

uint32_t SiteOfSlow(Caller caller);

inline uint32_t SiteSlotOf(uint64_t pc) {
  return static_cast<uint32_t>((pc * 0x9E3779B97F4A7C15u) >> (64 - kSiteCacheBits));
}

// A site's offsets are at most this, so that comparing with it reads no more than that above the
// caller's stack pointer.
inline constexpr uint32_t kMaxSiteOffset = 512;

// Returns the number of the call stack of `caller` where it was the last one seen from there, else
// 0.
inline __attribute__((always_inline)) uint32_t CachedSiteOf(Caller caller) {
  // While the frames match, the next word is a return address of this very stack; the bounds keep
  // the read inside it where a frame without constant size was taken for one that has it.
  if (caller.sp - t_state.stack_low >= t_state.stack_bytes) [[unlikely]]
    return 0;
  const SiteRecord& site = g_site_cache[SiteSlotOf(caller.pc)];
  if (__atomic_load_n(&site.frames[0], __ATOMIC_ACQUIRE) != caller.pc) [[unlikely]]
    return 0;
  uint32_t count = __atomic_load_n(&site.frame_count, __ATOMIC_RELAXED);
  // Straight compares: setting up a loop would cost more than the two or three frames there are.
#pragma GCC unroll 5
  for (uint32_t i = 1; i < kMaxSiteFrames; ++i) {
    if (i >= count) break;
    uint16_t offset = __atomic_load_n(&site.offsets[i - 1], __ATOMIC_RELAXED);
    uint64_t frame = __atomic_load_n(&site.frames[i], __ATOMIC_RELAXED);
    if (*reinterpret_cast<const uint64_t*>(caller.sp + offset) != frame) [[unlikely]]
      return 0;
  }
  return __atomic_load_n(&site.number, __ATOMIC_RELAXED);
}

// Returns the number of the call stack of `caller`, 0 when it is not known.
inline uint32_t SiteOf(Caller caller) {
  uint32_t number = CachedSiteOf(caller);
  return number != 0 ? number : SiteOfSlow(caller);
}

// Writes the return addresses of `caller` and its callers to `frames`, at most `max`, and returns
// how many. Cost: about 5 ns a frame once the code on the stack has been seen.
uint32_t CallStackOf(Caller caller, uint64_t* frames, uint32_t max);

}  // namespace detect::recorder
