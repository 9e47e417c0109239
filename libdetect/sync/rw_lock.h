// RwLock is the lock inside both shared mutexes: readers together, or one writer, and what the
// recorder is told about them.
//
//   try ──entered──► Acquired              Released ─► leave ──empty──► wakes all readers, or one
//    └──else──► ScopedWait around the wait ─┘                           writer, as it prefers
//
// A lock's address in the region is that of its RwLock: make it the first member.
//
// Context: hot. Memory: 12 bytes.
#pragma once

#include <atomic>
#include <cstdint>

#include "libdetect/base/kinds.h"
#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"
#include "libdetect/sync/block.h"

namespace detect::sync {

class RwLock {
 public:
  constexpr explicit RwLock(RwPreference preference) noexcept : preference_(preference) {}
  // `name` is copied; null: none.
  RwLock(const char* name, RwPreference preference, recorder::Caller caller);
  constexpr ~RwLock() {
    if (named_) recorder::ResourceDestroyed(this);
  }
  RwLock(const RwLock&) = delete;
  RwLock& operator=(const RwLock&) = delete;

  // Takes the lock and records it. Cost: uncontended, one compare-exchange and the record.
  // Throws std::system_error(resource_deadlock_would_occur) in a victim.
  [[gnu::always_inline]] void Lock(AccessMode mode, recorder::Caller caller) {
    if (!recorder::IsRecording() || IsScheduled()) [[unlikely]]
      return LockCold(mode, caller);
    recorder::ThreadSlot* slot = recorder::t_state.slot;
    const uint32_t site = recorder::CachedSiteOf(caller);
    if (!TryEnter(mode, TidOf(slot))) [[unlikely]]
      return LockSlow(mode, slot, caller);
    if (!recorder::AcquiredFast(slot, this, ResourceKind::kRwLock, mode, site)) [[unlikely]]
      return RecordAcquired(mode, slot, caller);
  }

  bool TryLock(AccessMode mode, recorder::Caller caller) {
    BeforeOperation(OperationKind::kTry, this, caller.pc);
    recorder::ThreadSlot* slot = recorder::CurrentThread();
    if (!TryEnter(mode, TidOf(slot))) return false;
    RecordAcquired(mode, slot, caller);
    return true;
  }

  // Returns false when the lock could not be taken before `deadline`.
  bool TryLockUntil(AccessMode mode, const Deadline& deadline, recorder::Caller caller);

  [[gnu::always_inline]] void Unlock(AccessMode mode) {
    BeforeOperation(OperationKind::kRelease, this, DETECT_CALLER_PC());
    if (!recorder::IsRecording() || !recorder::ReleasedFast(recorder::t_state.slot, this))
        [[unlikely]] {
      RecordReleased();
    }
    if (mode == AccessMode::kExclusive) owner_.store(0, std::memory_order_relaxed);
    uint32_t alone = UnitOf(mode);
    if (!state_.compare_exchange_strong(alone, 0, std::memory_order_release,
                                        std::memory_order_relaxed)) [[unlikely]] {
      Leave(mode);
    }
  }

 private:
  // The state: readers inside, a bit for a writer inside, and two for who may sleep on it: see the
  // source. The upper byte is Poke's.
  static constexpr uint32_t kReader = 1;
  static constexpr uint32_t kWriter = 1u << 21;
  static constexpr uint32_t kReadersSleep = 1u << 22;
  static constexpr uint32_t kWritersSleep = 1u << 23;
  static constexpr uint32_t kInside = 2 * kWriter - 1;  // all readers, and the writer
  static constexpr uint32_t kSleeping = kReadersSleep | kWritersSleep;
  static_assert(2 * kWritersSleep == kPoke);

  static constexpr uint32_t UnitOf(AccessMode mode) {
    return mode == AccessMode::kShared ? kReader : kWriter;
  }
  static constexpr uint32_t SleepBitOf(AccessMode mode) {
    return mode == AccessMode::kShared ? kReadersSleep : kWritersSleep;
  }

  bool MayEnter(uint32_t state, AccessMode mode) const {
    if (mode == AccessMode::kExclusive) return (state & kInside) == 0;
    const bool behind_writers =
        preference_ == RwPreference::kWriters && (state & kWritersSleep) != 0;
    return (state & kWriter) == 0 && !behind_writers;
  }

  bool TryEnter(AccessMode mode, int32_t tid) {
    // Empty is the best guess; to look first would cost nearly as much as the attempt.
    uint32_t state = 0;
    while (!state_.compare_exchange_strong(state, state + UnitOf(mode), std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
      if (!MayEnter(state, mode)) return false;
    }
    if (mode == AccessMode::kExclusive) owner_.store(tid, std::memory_order_relaxed);
    return true;
  }

  static uint32_t FirstToWake(uint32_t state, RwPreference preference);
  bool WakeClass(uint32_t bit);

  // Blocks until the caller is inside, and returns kLookAgain; or else why it gave up.
  Awoken Enter(AccessMode mode, recorder::ThreadSlot* slot, const Deadline* deadline,
               recorder::Caller caller);
  void GiveUp();
  void Leave(AccessMode mode);

  // Of a thread that is scheduled, or not recorded, or not yet; of any thread.
  void LockCold(AccessMode mode, recorder::Caller caller);
  void LockSlow(AccessMode mode, recorder::ThreadSlot* slot, recorder::Caller caller);
  void RecordAcquired(AccessMode mode, recorder::ThreadSlot* slot, recorder::Caller caller);
  void RecordReleased();

  FutexWord state_{0};
  // The kernel id of the writer inside; 0 where there is none, or it is not recorded. By the
  // writer.
  std::atomic<int32_t> owner_{0};

  // Constant after construction.
  const RwPreference preference_;
  const bool named_ = false;
};

}  // namespace detect::sync
