// std::shared_mutex, seen by the detector: many readers at a time, or one writer.
//
//   detect::shared_mutex routes{"routes"};                             // writers first
//   detect::shared_mutex cache{"cache", RwPreference::kReaders};
//
// Whom it prefers is the program's choice, and the detector's business: with kWriters a reader
// waits while a writer does, so a thread that reads again while it reads can deadlock with a
// writer; with kReaders it cannot, but a stream of readers can keep writers out. The default is
// kWriters.
//
// Context: hot. Memory: 12 bytes. Cost: uncontended, one compare-exchange and the record.
#pragma once

#include <atomic>
#include <cstdint>

#include "libdetect/base/kinds.h"
#include "libdetect/recorder/events.h"
#include "libdetect/sync/block.h"
#include "libdetect/sync/locks.h"

namespace detect {

class shared_mutex {
 public:
  constexpr shared_mutex() noexcept = default;
  constexpr explicit shared_mutex(RwPreference preference) noexcept : preference_(preference) {}
  // The name is copied.
  explicit shared_mutex(const char* name, RwPreference preference = RwPreference::kWriters);
  constexpr ~shared_mutex() {
    if (named_) recorder::ResourceDestroyed(this);
  }
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;

  // Both throw std::system_error(resource_deadlock_would_occur) in a victim, as mutex::lock does.
  void lock();
  void lock_shared();

  [[nodiscard]] bool try_lock();
  [[nodiscard]] bool try_lock_shared();
  void unlock();
  void unlock_shared();

 private:
  bool MayEnter(uint32_t state, AccessMode mode) const;
  bool TryEnter(AccessMode mode, int32_t tid);
  sync::Awoken Enter(AccessMode mode, recorder::ThreadSlot* slot, recorder::Caller caller);
  void GiveUp();
  void Leave(AccessMode mode);

  void Lock(AccessMode mode, recorder::Caller caller);
  // Of a thread that is not recorded, or not yet; of any thread.
  void LockCold(AccessMode mode, recorder::Caller caller);
  void LockSlow(AccessMode mode, recorder::ThreadSlot* slot, recorder::Caller caller);
  bool TryLock(AccessMode mode, recorder::Caller caller);
  void Unlock(AccessMode mode);
  void RecordAcquired(AccessMode mode, recorder::ThreadSlot* slot, recorder::Caller caller);
  void RecordReleased();

  // Readers inside, a bit for a writer inside, and two for who may sleep on it: see the source. The
  // upper byte is MakeVictim's.
  sync::FutexWord state_{0};
  // The kernel id of the writer inside; 0 where there is none, or it is not recorded. By the
  // writer.
  std::atomic<int32_t> owner_{0};

  // Constant after construction.
  const RwPreference preference_ = RwPreference::kWriters;
  const bool named_ = false;
};

}  // namespace detect
