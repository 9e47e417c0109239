#include "libdetect/recorder/recorder.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libdetect/recorder/backing.h"
#include "libdetect/recorder/call_site.h"
#include "libdetect/recorder/events.h"
#include "libdetect/recorder/shim_api.h"

namespace detect::recorder {

constinit Switch g_switch{};
constinit SiteRecord g_site_cache[1 << kSiteCacheBits]{};
thread_local constinit ThreadState t_state __attribute__((tls_model("initial-exec"))){};

namespace {

// Not cleared in a forked child, which needs to know what its parent had.
struct Home {
  Region* region;
  const char* directory;
  const ShimApi* shim;  // null: this recorder is on its own
  bool adopted;         // `region` is the shim's
  bool hooks_installed;
  bool has_end_key;
  pthread_key_t end_key;
  uint64_t default_stack_bytes;
};
constinit Home g_home{};

// Slots below it are in use, as far as known. Racy; stale only costs a longer search.
constinit std::atomic<uint32_t> g_free_hint{0};

// Which slot a kernel thread id has. A collision forgets the older thread.
constexpr uint32_t kTidIndexSize = 1 << 14;
constinit std::atomic<uint32_t> g_tid_index[kTidIndexSize]{};

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int32_t KernelThreadId() { return static_cast<int32_t>(syscall(SYS_gettid)); }

uint64_t DefaultStackBytes() {
  rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 8 << 20;
  return limit.rlim_cur;
}

// Sets the bounds that the caller's stack pointers must stay in. What is above the upper one, for
// kMaxSiteOffset bytes, is memory too: a thread's own descriptor, or the first thread's
// environment.
void FindStackBounds(int32_t tid) {
  uint64_t top = static_cast<uint64_t>(pthread_self());
  if (tid == getpid()) {
    constexpr uint64_t kPage = 4096;
    uint64_t end = (getauxval(AT_EXECFN) + kPage) / kPage * kPage;
    top = end - kMaxSiteOffset;
  }
  uint64_t here = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  bool plausible = here < top && top - here < g_home.default_stack_bytes;
  t_state.stack_low = plausible ? top - g_home.default_stack_bytes : 0;
  t_state.stack_bytes = plausible ? g_home.default_stack_bytes : 0;
}

void FillHeader(Region* region) {
  Header& header = region->header;
  header.magic = kRegionMagic;
  header.version = kRegionVersion;
  header.thread_capacity = kMaxThreads;
  header.total_bytes = sizeof(Region);
  header.started_ns = NowNs();
  header.pid = getpid();
  header.sites_used.store(1, std::memory_order_relaxed);  // number 0 stands for "not known"
  header.ready.store(1, std::memory_order_release);
}

ThreadSlot* ClaimSlot(Region* region, uint32_t begin, SlotState wanted) {
  for (uint32_t i = begin; i < kMaxThreads; ++i) {
    ThreadSlot& slot = region->threads[i];
    if (i >= region->header.threads_used.load(std::memory_order_relaxed) &&
        !EnsureBacked(&slot, sizeof(slot))) {
      return nullptr;
    }
    uint32_t state = static_cast<uint32_t>(wanted);
    if (slot.state.load(std::memory_order_relaxed) != state ||
        !slot.state.compare_exchange_strong(state, static_cast<uint32_t>(SlotState::kClaimed))) {
      continue;
    }
    uint32_t used = region->header.threads_used.load(std::memory_order_relaxed);
    while (used <= i && !region->header.threads_used.compare_exchange_weak(used, i + 1)) {
    }
    g_free_hint.store(i + 1, std::memory_order_relaxed);
    return &slot;
  }
  return nullptr;
}

void ReleaseSlot(ThreadSlot* slot) {
  Region* region = CurrentRegion();
  slot->state.store(static_cast<uint32_t>(SlotState::kFree), std::memory_order_release);
  if (region == nullptr || slot < region->threads) return;
  uint32_t index = static_cast<uint32_t>(slot - region->threads);
  if (index < g_free_hint.load(std::memory_order_relaxed)) {
    g_free_hint.store(index, std::memory_order_relaxed);
  }
}

// The C library calls it when a thread ends, however it ends, and again as long as a value is set:
// the last of those rounds is taken, because other destructors may still lock.
void OnThreadEnd(void* round) {
  uintptr_t next = reinterpret_cast<uintptr_t>(round) + 1;
  if (next < PTHREAD_DESTRUCTOR_ITERATIONS) {
    pthread_setspecific(g_home.end_key, reinterpret_cast<void*>(next));
  } else {
    ThreadEnded();
  }
}

// Makes `slot` the calling thread's.
void Occupy(Region* region, ThreadSlot* slot, int32_t tid) {
  g_tid_index[static_cast<uint32_t>(tid) % kTidIndexSize].store(
      static_cast<uint32_t>(slot - region->threads), std::memory_order_relaxed);
  FindStackBounds(tid);
  t_state.slot = slot;
  t_state.lost_holds = 0;
  t_state.ended = false;
  t_state.region = reinterpret_cast<uintptr_t>(region);
  if (g_home.has_end_key) pthread_setspecific(g_home.end_key, reinterpret_cast<void*>(1));
}

bool TurnOn(Region* region, const char* directory, bool adopted, std::atomic<uint32_t>* nudges) {
  g_home.region = region;
  g_home.directory = directory;
  g_home.adopted = adopted;
  g_home.default_stack_bytes = DefaultStackBytes();
  g_free_hint.store(0, std::memory_order_relaxed);
  ClearInChildren(&g_switch, sizeof(g_switch));
  if (!g_home.hooks_installed) {
    g_home.hooks_installed = true;
    pthread_atfork(nullptr, nullptr, AfterForkInChild);
    g_home.has_end_key = pthread_key_create(&g_home.end_key, OnThreadEnd) == 0;
  }
  g_switch.nudges.store(nudges, std::memory_order_relaxed);
  g_switch.region.store(region, std::memory_order_release);
  return true;
}

void CopyHolds(const ThreadSlot& from, ThreadSlot* to) {
  for (uint32_t i = 0; i < kMaxName; ++i) to->name[i] = from.name[i].load();
  uint32_t depth = from.depth.load();
  for (uint32_t i = 0; i < depth && i < kMaxHolds; ++i) {
    to->holds[i].details = from.holds[i].details.load();
    to->holds[i].resource = from.holds[i].resource.load();
  }
  to->depth = depth;
}

void CopySitesAndResources(const Region& from, bool has_resources, Region* to) {
  uint32_t used = from.header.sites_used.load();
  if (used > kMaxSites) used = kMaxSites;
  if (EnsureBacked(to->sites, used * sizeof(SiteRecord))) {
    for (uint32_t i = 1; i < used; ++i) to->sites[i] = from.sites[i];
    to->header.sites_used = used;
  }
  if (!has_resources || !EnsureBacked(to->resources, sizeof(to->resources))) return;
  for (uint32_t i = 0; i < kMaxResources; ++i) {
    const ResourceRecord& old = from.resources[i];
    uint64_t address = old.address.load();
    if (address == 0) continue;
    to->resources[i].site = old.site.load();
    to->resources[i].kind = old.kind.load();
    for (uint32_t j = 0; j < kMaxName; ++j) to->resources[i].name[j] = old.name[j].load();
    to->resources[i].address = address;
  }
}

// Returns the first slot of a thread that runs, or is about to, for which `is_wanted` holds.
template <typename Predicate>
ThreadSlot* FindLive(Predicate is_wanted) {
  Region* region = CurrentRegion();
  if (region == nullptr) return nullptr;
  uint32_t used = region->header.threads_used.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < used && i < kMaxThreads; ++i) {
    ThreadSlot& slot = region->threads[i];
    uint32_t state = slot.state.load(std::memory_order_acquire);
    bool is_live = state == static_cast<uint32_t>(SlotState::kLive) ||
                   state == static_cast<uint32_t>(SlotState::kClaimed);
    if (is_live && is_wanted(slot)) return &slot;
  }
  return nullptr;
}

}  // namespace

void SetShim(const ShimApi* shim) {
  if (shim != nullptr && shim->version == kShimVersion) g_home.shim = shim;
}

bool Start(const char* directory) {
  if (const ShimApi* shim = g_home.shim; shim != nullptr && shim->region() != nullptr) {
    AdoptRegion(shim->region());
    return TurnOn(shim->region(), nullptr, true, shim->nudges());
  }
  Region* region = MapRegion(directory);
  if (region == nullptr) return false;
  FillHeader(region);
  std::atomic<uint32_t>* hub = directory == nullptr ? nullptr : MapHub(directory);
  return TurnOn(region, directory, false, hub != nullptr ? hub : &region->header.nudges);
}

void Stop() {
  g_switch.region.store(nullptr, std::memory_order_release);
  g_home.region = nullptr;
}

void AfterForkInChild() {
  Region* parent = g_home.region;
  ThreadSlot* old_slot = t_state.slot;
  bool was_registered = t_state.region == reinterpret_cast<uintptr_t>(parent);
  bool had_resources = HasResources();
  g_switch.region.store(nullptr, std::memory_order_relaxed);
  t_state.region = kNoRegion;
  t_state.slot = nullptr;
  if (parent == nullptr || t_state.busy || !Start(g_home.directory) || g_home.adopted) return;

  Region* region = CurrentRegion();
  CopySitesAndResources(*parent, had_resources, region);
  if (was_registered && old_slot != nullptr && CurrentThread() != nullptr) {
    CopyHolds(*old_slot, t_state.slot);
  }
}

void CountLoss(Loss loss) {
  Region* region = CurrentRegion();
  if (region == nullptr) return;
  region->header.losses[static_cast<uint32_t>(loss)].fetch_add(1, std::memory_order_relaxed);
}

void Nudge() {
  std::atomic<uint32_t>* nudges = g_switch.nudges.load(std::memory_order_relaxed);
  if (nudges == nullptr) return;
  int saved_errno = errno;
  nudges->fetch_add(1, std::memory_order_release);
  syscall(SYS_futex, nudges, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  errno = saved_errno;
}

uint32_t NudgeCount() {
  std::atomic<uint32_t>* nudges = g_switch.nudges.load(std::memory_order_relaxed);
  return nudges == nullptr ? 0 : nudges->load(std::memory_order_acquire);
}

void WaitForNudge(uint32_t count, int64_t timeout_ns) {
  timespec timeout = {timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  std::atomic<uint32_t>* nudges = g_switch.nudges.load(std::memory_order_relaxed);
  if (nudges == nullptr) {
    nanosleep(&timeout, nullptr);
  } else {
    syscall(SYS_futex, nudges, FUTEX_WAIT, count, &timeout, nullptr, 0);
  }
}

ThreadSlot* PrepareThread() {
  Region* region = CurrentRegion();
  if (region == nullptr) return nullptr;
  if (g_home.adopted) return g_home.shim->prepare_thread();
  uint32_t hint = g_free_hint.load(std::memory_order_relaxed);
  ThreadSlot* slot = ClaimSlot(region, hint, SlotState::kFree);
  if (slot == nullptr) slot = ClaimSlot(region, 0, SlotState::kFree);
  if (slot == nullptr) slot = ClaimSlot(region, 0, SlotState::kEnded);
  if (slot == nullptr) {
    CountLoss(Loss::kThreads);
    return nullptr;
  }
  slot->tid.store(0, std::memory_order_relaxed);
  slot->native.store(0, std::memory_order_relaxed);
  slot->daemon.store(0, std::memory_order_relaxed);
  slot->depth.store(0, std::memory_order_relaxed);
  slot->name[0].store(0, std::memory_order_relaxed);
  // Even: not waiting. It is not set back, so that no two waits in a slot share a number.
  uint64_t sequence = slot->wait_sequence.load(std::memory_order_relaxed);
  slot->wait_sequence.store((sequence + 1) & ~uint64_t{1}, std::memory_order_relaxed);
  slot->number.store(region->header.thread_numbers.fetch_add(1) + 1, std::memory_order_release);
  return slot;
}

void AbandonThread(ThreadSlot* slot) {
  if (slot != nullptr) ReleaseSlot(slot);
}

void ThreadStarted(ThreadSlot* slot) {
  Region* region = CurrentRegion();
  if (slot == nullptr || region == nullptr) return;
  if (g_home.adopted) g_home.shim->thread_started(slot);
  // A signal handler that locks now must not look for a slot of its own.
  t_state.busy = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  int32_t tid = KernelThreadId();
  slot->tid.store(tid, std::memory_order_relaxed);
  slot->native.store(static_cast<uint64_t>(pthread_self()), std::memory_order_relaxed);
  slot->state.store(static_cast<uint32_t>(SlotState::kLive), std::memory_order_release);
  Occupy(region, slot, tid);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_state.busy = false;
}

void ThreadEnded() {
  ThreadSlot* slot = t_state.slot;
  bool is_current = t_state.region == reinterpret_cast<uintptr_t>(CurrentRegion());
  t_state.ended = true;
  t_state.region = kNoRegion;
  t_state.slot = nullptr;
  if (slot == nullptr || !is_current) return;
  if (g_home.adopted) return g_home.shim->thread_ended();
  ForgetReleasedHolds(slot);
  if (slot->depth.load(std::memory_order_relaxed) == 0) return ReleaseSlot(slot);
  slot->state.store(static_cast<uint32_t>(SlotState::kEnded), std::memory_order_release);
}

ThreadSlot* RegisterCurrentThread() {
  Region* region = CurrentRegion();
  if (region == nullptr || t_state.busy || t_state.ended) return nullptr;
  if (g_home.adopted) {
    ThreadSlot* slot = g_home.shim->current_thread();
    if (slot == nullptr) return nullptr;
    Occupy(region, slot, KernelThreadId());
    return slot;
  }
  int saved_errno = errno;
  t_state.busy = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  ThreadSlot* slot = PrepareThread();
  // A thread that found no slot never asks again: each of its lock calls would search.
  if (slot == nullptr) t_state.ended = true;
  ThreadStarted(slot);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_state.busy = false;
  errno = saved_errno;
  return slot;
}

void SetThreadName(ThreadSlot* slot, const char* name) {
  if (slot == nullptr || name == nullptr) return;
  uint32_t i = 0;
  for (; i + 1 < kMaxName && name[i] != '\0'; ++i) {
    slot->name[i].store(name[i], std::memory_order_relaxed);
  }
  slot->name[i].store('\0', std::memory_order_release);
}

bool HasLiveThreads() {
  return FindLive([](const ThreadSlot&) { return true; }) != nullptr;
}

ThreadSlot* FindThreadByNative(uint64_t native) {
  return FindLive([native](const ThreadSlot& slot) {
    return slot.native.load(std::memory_order_relaxed) == native;
  });
}

ThreadSlot* FindThreadByTid(int32_t tid) {
  Region* region = CurrentRegion();
  if (region == nullptr || tid == 0) return nullptr;
  uint32_t index =
      g_tid_index[static_cast<uint32_t>(tid) % kTidIndexSize].load(std::memory_order_relaxed);
  ThreadSlot& slot = region->threads[index];
  bool found =
      slot.tid.load(std::memory_order_relaxed) == tid &&
      slot.state.load(std::memory_order_acquire) == static_cast<uint32_t>(SlotState::kLive);
  return found ? &slot : nullptr;
}

}  // namespace detect::recorder
