// The recorder's state in this process: whether it is on, and which slot is whose.
//
// Recording is on while g_switch.region is not null. The switch stands on a page that the kernel
// clears in a forked child, so that a child, however it was made, starts with recording off and
// never writes into its parent's region; AfterForkInChild turns it on again with a region of its
// own.
//
// Context: hot, except Start. Threads: any.
#pragma once

#include <atomic>
#include <cstdint>

#include "libdetect/recorder/region.h"

namespace detect::recorder {

// False where the program is built with --//libdetect:enabled=false: recording is never on, and the
// compiler leaves out what depends on it.
#ifdef DETECT_DISABLED
inline constexpr bool kEnabled = false;
#else
inline constexpr bool kEnabled = true;
#endif

inline constexpr uint32_t kSiteCacheBits = 10;

struct alignas(4096) Switch {
  std::atomic<Region*> region;
  // Where to nudge: the region's own word, or the one that all regions of a run share.
  std::atomic<std::atomic<uint32_t>*> nudges;
  char fill[4096 - 2 * sizeof(void*)];
};

// In ThreadState::region: the thread has no slot, or is busy.
inline constexpr uintptr_t kNoRegion = 1;

// What a thread keeps for itself. Owner only.
struct ThreadState {
  // The address of the region that `slot` is in, or kNoRegion. A number that no region's address
  // is, and not 0, so that comparing it with g_switch.region says all: there is one, and it is
  // this.
  uintptr_t region = kNoRegion;
  ThreadSlot* slot = nullptr;
  uint64_t stack_low = 0;  // bounds of its stack; both 0 when not known
  uint64_t stack_bytes = 0;
  uint32_t lost_holds = 0;  // locks held that found no room in the slot
  bool busy = false;        // inside the detector's own work: nothing is recorded
  bool ended = false;       // past ThreadEnded: nothing more is recorded
};

// Hidden, and at a fixed place in a thread's memory: each is reached without a table of addresses.
#define DETECT_HIDDEN __attribute__((visibility("hidden")))

extern DETECT_HIDDEN Switch g_switch;
// The call site last seen at each return address: copies of the region's records, for one load
// less. Racy: who reads an entry while it changes takes one call site for another of the same
// function.
extern DETECT_HIDDEN SiteRecord g_site_cache[1 << kSiteCacheBits];
extern DETECT_HIDDEN thread_local constinit ThreadState t_state
    __attribute__((tls_model("initial-exec")));

// Turns recording on. `directory` null: the region is private memory. Otherwise it is a new file in
// that directory, made 0600, exclusively and never through a link; and `directory`/hub, where it
// exists, is the word to nudge. The string must stay valid: a forked child uses it again. Where a
// preloaded shim records this process already, its region is used and `directory` is not.
// Returns false, with recording off, when the system refuses; the program goes on.
bool Start(const char* directory);

// Turns recording off for good; slots and regions stay readable.
void Stop();

// In a child that fork made: starts a region of its own, where the calling thread holds what it
// held before. Does nothing when the parent was not recording.
void AfterForkInChild();

// Returns the region, null when recording is off.
inline Region* CurrentRegion() { return g_switch.region.load(std::memory_order_acquire); }

void CountLoss(Loss loss);

// Wakes whoever scans the region.
void Nudge();
// How often that was done so far; 0 when recording is off.
uint32_t NudgeCount();
// Returns when it is no longer `count`, or after the time. Blocks.
void WaitForNudge(uint32_t count, int64_t timeout_ns);

// The life of a thread: its maker prepares a slot, the thread itself starts and ends it. A slot
// that no thread took is given back by AbandonThread. A thread that was not prepared gets its slot
// at its first event. `slot` may be null everywhere.
ThreadSlot* PrepareThread();
void AbandonThread(ThreadSlot* slot);
void ThreadStarted(ThreadSlot* slot);
// Also forgets the thread's slot, unless it still holds locks.
void ThreadEnded();
// Returns null when there is nothing to record for the calling thread.
ThreadSlot* RegisterCurrentThread();
void SetThreadName(ThreadSlot* slot, const char* name);

// Returns whether any thread that was recorded still runs. Cost: linear in threads.
bool HasLiveThreads();

// Returns the live slot with that pthread_t or kernel id, null if there is none.
// Cost: ByNative linear in threads; ByTid constant, and may miss a thread.
ThreadSlot* FindThreadByNative(uint64_t native);
ThreadSlot* FindThreadByTid(int32_t tid);

// Nothing is recorded for the calling thread while one of these lives.
class ScopedBusy {
 public:
  ScopedBusy() : region_(t_state.region), was_busy_(t_state.busy) {
    t_state.busy = true;
    t_state.region = kNoRegion;
  }
  ~ScopedBusy() {
    t_state.busy = was_busy_;
    t_state.region = region_;
  }
  ScopedBusy(const ScopedBusy&) = delete;
  ScopedBusy& operator=(const ScopedBusy&) = delete;

 private:
  const uintptr_t region_;
  const bool was_busy_;
};

}  // namespace detect::recorder
