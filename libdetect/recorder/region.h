// The region: what every thread of one process holds and waits for, as plain memory.
//
//   ┌────────┬───────────────────┬───────────────┬─────────────────┐
//   │ header │ threads[capacity] │ sites[16,384] │ resources[8,192]│
//   └────────┴───────────────────┴───────────────┴─────────────────┘
//
// It is a private mapping in a program that watches itself, and a shared file under `detect run`,
// whose reader may be another process and may come after the writer was killed. A reader must
// therefore believe nothing in it: see snapshot/region_reader.
//
// Writers: each ThreadSlot is written by its own thread, except where a field says otherwise.
// Ordering: a slot's owner writes in program order with release stores; a reader that sees the same
// odd wait_sequence before and after reading a slot has read what that thread did before it
// blocked. Memory: pages are touched only as threads, call sites and named locks appear.
//
// Context: hot. It depends on nothing but the C library.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libdetect/base/kinds.h"

namespace detect::recorder {

inline constexpr uint64_t kRegionMagic = 0x3154434554454400;  // "\0DETECT1", little-endian
inline constexpr uint32_t kRegionVersion = 3;

inline constexpr uint32_t kMaxThreads = 16384;
inline constexpr uint32_t kMaxHolds = 64;
inline constexpr uint32_t kMaxWaitFrames = 32;
inline constexpr uint32_t kMaxSiteFrames = 6;
inline constexpr uint32_t kMaxSites = 16384;
inline constexpr uint32_t kMaxResources = 8192;
inline constexpr uint32_t kMaxMisuses = 64;
inline constexpr uint32_t kMaxName = 48;  // with its final zero

// What was not recorded, and why. The names are those of the report's "losses".
enum class Loss : uint32_t {
  kThreads = 0,    // threads beyond kMaxThreads
  kHolds = 1,      // acquisitions of a thread that held kMaxHolds locks already
  kSites = 2,      // acquisitions whose call stack found no room
  kResources = 3,  // names and creation sites that found no room
  kMemory = 4,     // the system refused memory for the region
  kMisuses = 5,    // misuses beyond kMaxMisuses
};
inline constexpr uint32_t kLossCount = 6;
inline constexpr const char* kLossNames[kLossCount] = {
    "threads", "held_locks", "call_sites", "named_resources", "region_memory", "misuses",
};

enum class SlotState : uint32_t {
  kFree = 0,
  kClaimed = 1,  // its thread has not run yet, or its fields are being written
  kLive = 2,
  kEnded = 3,  // gone, but holds[] is not empty
};

// What is said of one acquisition besides the lock's address, packed so that it is one store.
struct HoldDetails {
  uint32_t site = 0;
  ResourceKind kind = ResourceKind::kUnknown;
  AccessMode mode = AccessMode::kExclusive;
  uint16_t count = 1;  // of a recursive lock

  constexpr uint64_t Pack() const {
    return site | static_cast<uint64_t>(kind) << 32 | static_cast<uint64_t>(mode) << 40 |
           static_cast<uint64_t>(count) << 48;
  }
  // The kind and mode may be anything that fits their bits; a reader checks them.
  static constexpr HoldDetails Unpack(uint64_t packed) {
    return {static_cast<uint32_t>(packed), static_cast<ResourceKind>(packed >> 32 & 0xff),
            static_cast<AccessMode>(packed >> 40 & 0xff), static_cast<uint16_t>(packed >> 48)};
  }
};

// Added to HoldRecord::resource while HoldDetails::count is above 1. No lock has an odd address.
inline constexpr uint64_t kHeldAgain = 1;

// One acquisition that was not released yet.
struct HoldRecord {
  // The lock's address, with kHeldAgain; 0 once another thread has released it in the owner's
  // place.
  std::atomic<uint64_t> resource;
  std::atomic<uint64_t> details;  // HoldDetails
};
static_assert(sizeof(HoldRecord) == 16);

// What a blocked thread waits for. Meaningful while ThreadSlot::wait_sequence is odd.
struct WaitRecord {
  std::atomic<uint64_t> resource;  // an address; for kThread the number of the thread joined
  std::atomic<uint64_t> relock;    // the mutex that a condition wait takes again; 0: none
  std::atomic<uint64_t> pool;     // whose members alone can end it while there is no owner; 0: none
  std::atomic<int64_t> since_ns;  // CLOCK_MONOTONIC
  std::atomic<uint8_t> kind;      // ResourceKind
  std::atomic<uint8_t> mode;      // AccessMode
  std::atomic<uint8_t> preference;  // RwPreference
  std::atomic<uint8_t> has_deadline;
  std::atomic<int32_t> owner_tid;  // who had it when the wait began, as far as seen; 0: not known
  std::atomic<uint32_t> frame_count;
  // Where in the lock the kernel id of its owner stands, bytes; 0: it does not.
  std::atomic<uint32_t> owner_offset;
  std::atomic<uint32_t> permits;  // kSemaphore: of those that only takers release; 0: anyone may
};

// All that a look needs of a thread that holds one lock stands in its first kSlotHeadBytes.
struct alignas(128) ThreadSlot {
  // Written by whoever claims the slot, then by its owner.
  std::atomic<uint32_t> state;   // SlotState
  std::atomic<uint32_t> number;  // 1, 2, … in order of creation; never reused
  std::atomic<int32_t> tid;
  std::atomic<uint32_t> daemon;

  // Owner only.
  std::atomic<uint32_t> depth;          // of holds; above kMaxHolds the rest is not recorded
  std::atomic<uint32_t> unheard_site;   // of `unheard`
  std::atomic<uint64_t> wait_sequence;  // odd while waiting
  WaitRecord wait;
  std::atomic<uint64_t> unheard;  // the condition that it last notified while nobody waited there
  HoldRecord holds[kMaxHolds];
  std::atomic<uint64_t> wait_frames[kMaxWaitFrames];  // return addresses, innermost first

  // As at the top.
  std::atomic<uint64_t> native;  // pthread_t
  std::atomic<char> name[kMaxName];

  std::atomic<uint64_t> reserved[16];
};
static_assert(sizeof(ThreadSlot) / 128 % 2 == 1, "so that the heads spread over a cache's sets");
inline constexpr size_t kSlotHeadBytes = offsetof(ThreadSlot, holds) + sizeof(HoldRecord);
static_assert(kSlotHeadBytes <= 128, "two cache lines, which the processor fetches as one");
static_assert(sizeof(ThreadSlot) <= 2048, "the budget is 2 KiB a thread");

// A call stack at which locks are acquired or created, kept once however often it comes.
// Constant once its number has been stored anywhere.
struct alignas(64) SiteRecord {
  uint64_t frames[kMaxSiteFrames];  // return addresses, innermost first
  uint32_t number;                  // its own position in Region::sites
  uint16_t frame_count;
  // offsets[i]: from the caller's stack pointer at the call to frame i + 1's return address, bytes.
  uint16_t offsets[kMaxSiteFrames - 1];
};
static_assert(sizeof(SiteRecord) == 64);

// A lock that has a name, or whose creation was seen.
struct alignas(64) ResourceRecord {
  std::atomic<uint64_t> address;  // 0: free. Written last.
  std::atomic<uint32_t> site;     // where it was created; 0: not known
  std::atomic<uint8_t> kind;      // ResourceKind
  std::atomic<char> name[kMaxName];
};

// Something that a thread did against the rules, once for each call site.
struct MisuseRecord {
  std::atomic<uint32_t> is_complete;  // 1 once the rest is written; then constant
  std::atomic<uint8_t> misuse;        // Misuse
  std::atomic<uint8_t> kind;          // ResourceKind
  std::atomic<uint32_t> thread;       // its number
  std::atomic<uint32_t> site;         // where it did it; 0: not known
  std::atomic<uint64_t> resource;     // an address
  // What stands against it, and where that came to be: the owner of what is confined, the lock that
  // is held and ranks above. 0: nothing, nowhere.
  std::atomic<uint64_t> other_resource;
  std::atomic<uint32_t> other_thread;
  std::atomic<uint32_t> other_site;
};
static_assert(sizeof(MisuseRecord) == 40);

struct alignas(4096) Header {
  // Constant after construction. A reader checks all of them.
  uint64_t magic;
  uint32_t version;
  uint32_t thread_capacity;
  uint64_t total_bytes;
  int64_t started_ns;  // CLOCK_MONOTONIC
  int32_t pid;

  std::atomic<uint32_t> ready;         // 1 once the fields above are written
  std::atomic<uint32_t> threads_used;  // slots at or above it were never used
  std::atomic<uint32_t> thread_numbers;
  std::atomic<uint32_t> sites_used;
  // A futex. Raised by a thread that blocks and closes a cycle, so that a scan need not wait.
  std::atomic<uint32_t> nudges;
  std::atomic<uint64_t> losses[kLossCount];
  std::atomic<uint32_t> misuses_used;  // may exceed kMaxMisuses
  MisuseRecord misuses[kMaxMisuses];
};
static_assert(sizeof(Header) == 4096, "one page, there from the start");

struct Region {
  Header header;
  ThreadSlot threads[kMaxThreads];
  SiteRecord sites[kMaxSites];  // sites[0] stands for "not known"
  ResourceRecord resources[kMaxResources];
};

}  // namespace detect::recorder
