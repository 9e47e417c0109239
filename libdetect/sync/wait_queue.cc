#include "libdetect/sync/wait_queue.h"

#include <sys/mman.h>

#include <cstddef>
#include <mutex>

#include "libdetect/sync/futex_lock.h"

namespace detect::sync {
namespace {

constexpr size_t kLocks = 64;
constexpr size_t kPageBytes = 4096;

struct alignas(kPageBytes / kLocks) QueueLock {
  FutexLock lock;
};

// All free again in a forked child, where nobody is left to unlock one.
alignas(kPageBytes) constinit QueueLock g_locks[kLocks]{};
static_assert(sizeof(g_locks) == kPageBytes);

[[gnu::constructor]] void Register() { madvise(g_locks, sizeof(g_locks), MADV_WIPEONFORK); }

FutexLock& LockOf(const WaitQueue* queue) {
  const uint64_t hash = reinterpret_cast<uint64_t>(queue) * 0x9E3779B97F4A7C15u;
  return g_locks[(hash >> 32) % kLocks].lock;
}

}  // namespace

void WaitQueue::Join(Place* place) {
  std::lock_guard hold(LockOf(this));
  place->previous_ = last_;
  if (last_ == nullptr) {
    first_.store(place, std::memory_order_relaxed);
  } else {
    last_->next_ = place;
  }
  last_ = place;
}

Awoken WaitQueue::Wait(Place* place, const BlockOptions& options) {
  while (!IsNotified(*place)) {
    // A place is poked only when its thread gives up: until then the word is 0.
    const Awoken why = BlockOn(place->notified_, 0, options);
    if (why != Awoken::kLookAgain) return Leave(place) ? why : Awoken::kLookAgain;
  }
  return Awoken::kLookAgain;
}

bool WaitQueue::NotifyOne() noexcept {
  if (first_.load(std::memory_order_relaxed) == nullptr) return false;
  std::lock_guard hold(LockOf(this));
  Place* first = first_.load(std::memory_order_relaxed);
  if (first == nullptr) return false;
  TakeOut(first);
  return true;
}

bool WaitQueue::NotifyAll() noexcept {
  if (first_.load(std::memory_order_relaxed) == nullptr) return false;
  std::lock_guard hold(LockOf(this));
  bool any = false;
  while (Place* first = first_.load(std::memory_order_relaxed)) {
    TakeOut(first);
    any = true;
  }
  return any;
}

void WaitQueue::Notify(Place* place) noexcept {
  std::lock_guard hold(LockOf(this));
  if (!IsNotified(*place)) TakeOut(place);
}

bool WaitQueue::IsNotified(const Place& place) {
  return place.notified_.load(std::memory_order_acquire) % kPoke != 0;  // with TakeOut
}

// Returns false where the place was notified: it is in no line, and there may be none any more.
bool WaitQueue::Leave(Place* place) {
  std::lock_guard hold(LockOf(this));
  if (IsNotified(*place)) return false;
  Remove(place);
  return true;
}

void WaitQueue::TakeOut(Place* place) {
  Remove(place);
  FutexWord& word = place->notified_;
  word.store(1, std::memory_order_release);  // the place may be gone from here on
  FutexWake(word, 1);
}

void WaitQueue::Remove(Place* place) {
  if (place->previous_ == nullptr) {
    first_.store(place->next_, std::memory_order_relaxed);
  } else {
    place->previous_->next_ = place->next_;
  }
  if (place->next_ == nullptr) {
    last_ = place->previous_;
  } else {
    place->next_->previous_ = place->previous_;
  }
}

}  // namespace detect::sync
