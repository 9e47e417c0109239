#include "libdetect/sync/block.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <system_error>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/recorder/victim.h"
#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/interruption.h"

namespace detect::sync {
namespace {

enum Phase : uint32_t {
  kAwake,
  kAsleep,
  kBeingWoken,  // the word is in use by MakeVictim: its lock must not go away
  kChosen,
};

// What one thread sleeps on. Entries are those of the region's slots, one for one.
struct Sleeper {
  // Tag(number, phase). By its thread; kBeingWoken and kChosen by MakeVictim.
  FutexWord state;
  // By its thread; valid while it is not kAwake.
  std::atomic<FutexWord*> word;
};

// A forked child starts with an empty one: none of these threads exists there.
constexpr size_t kPageBytes = 4096;
alignas(kPageBytes) constinit Sleeper g_sleepers[recorder::kMaxThreads]{};
static_assert(sizeof(g_sleepers) % kPageBytes == 0);

uint32_t Tag(uint32_t thread_number, Phase phase) { return thread_number << 2 | phase; }

// The caller's entry is published while this lives.
class ScopedSleeper {
 public:
  ScopedSleeper(const recorder::Region* region, const recorder::ThreadSlot* slot, FutexWord& word)
      : sleeper_(g_sleepers[slot - region->threads]),
        number_(slot->number.load(std::memory_order_relaxed)) {
    sleeper_.word.store(&word, std::memory_order_relaxed);
    sleeper_.state.store(Tag(number_, kAsleep), std::memory_order_release);  // with MakeVictim
  }

  // Ends it, and returns true when the thread has become a victim.
  bool WakeUp() {
    uint32_t state = Tag(number_, kAsleep);
    if (sleeper_.state.compare_exchange_strong(state, kAwake, std::memory_order_acquire)) {
      return false;
    }
    while (state == Tag(number_, kBeingWoken)) {
      FutexWait(sleeper_.state, state);
      state = sleeper_.state.load(std::memory_order_acquire);  // with MakeVictim
    }
    sleeper_.state.store(kAwake, std::memory_order_relaxed);
    return true;
  }

 private:
  Sleeper& sleeper_;
  const uint32_t number_;
};

// Sleeps, unless the scheduler has it another way. Returns false where the deadline has passed.
bool ScheduledWait(FutexWord& word, uint32_t expected, const BlockOptions& options) {
  const Blocking blocking = BeforeBlock(options.deadline != nullptr);
  if (blocking != Blocking::kSleep) return blocking == Blocking::kLookAgain;
  const ScopedSleep sleep;
  return FutexWait(word, expected, options.deadline, options.bits);
}

Awoken Slept(bool in_time) { return in_time ? Awoken::kLookAgain : Awoken::kTimedOut; }

// As BlockOn, where nobody interrupts.
Awoken Sleep(FutexWord& word, uint32_t expected, const BlockOptions& options) {
  const recorder::Region* region = recorder::CurrentRegion();
  if (options.victim == nullptr || region == nullptr) {
    return Slept(ScheduledWait(word, expected, options));
  }
  ScopedSleeper sleeper(region, options.victim, word);
  const bool in_time = ScheduledWait(word, expected, options);
  return sleeper.WakeUp() ? Awoken::kVictim : Slept(in_time);
}

[[gnu::constructor]] void Register() {
  madvise(g_sleepers, sizeof(g_sleepers), MADV_WIPEONFORK);
  recorder::SetVictimHandler(MakeVictim);
}

}  // namespace

Awoken BlockOn(FutexWord& word, uint32_t expected, const BlockOptions& options) {
  Interruption* interruption = options.interruptible ? Interruption::OfCaller() : nullptr;
  if (interruption == nullptr) return Sleep(word, expected, options);
  if (!interruption->BeginSleep(word)) return Awoken::kInterrupted;
  const Awoken why = Sleep(word, expected, options);
  const bool interrupted = interruption->EndSleep();
  return interrupted && why != Awoken::kVictim ? Awoken::kInterrupted : why;
}

void Poke(FutexWord& word) {
  word.fetch_add(kPoke, std::memory_order_relaxed);
  FutexWake(word, kAllSleepers);
}

bool MakeVictim(uint32_t thread_number) {
  const recorder::Region* region = recorder::CurrentRegion();
  if (region == nullptr) return false;
  const uint32_t used =
      std::min(region->header.threads_used.load(std::memory_order_acquire), recorder::kMaxThreads);
  for (uint32_t i = 0; i < used; ++i) {
    Sleeper& sleeper = g_sleepers[i];
    uint32_t asleep = Tag(thread_number, kAsleep);
    if (!sleeper.state.compare_exchange_strong(asleep, Tag(thread_number, kBeingWoken),
                                               std::memory_order_acquire)) {  // with ScopedSleeper
      continue;
    }
    Poke(*sleeper.word.load(std::memory_order_relaxed));
    sleeper.state.store(Tag(thread_number, kChosen), std::memory_order_release);  // with WakeUp
    FutexWake(sleeper.state, 1);
    return true;
  }
  return false;
}

void ThrowVictim() {
  throw std::system_error(std::make_error_code(std::errc::resource_deadlock_would_occur),
                          "lock given up to end a deadlock");
}

void ThrowInterrupted() {
  if (Interruption* interruption = Interruption::OfCaller()) interruption->Take();
  throw interrupted();
}

void ThrowIfInterrupted() {
  const Interruption* interruption = Interruption::OfCaller();
  if (interruption != nullptr && interruption->IsPending()) ThrowInterrupted();
}

}  // namespace detect::sync
