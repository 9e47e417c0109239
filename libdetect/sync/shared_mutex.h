// std::shared_mutex, seen by the detector: many readers at a time, or one writer.
//
//   detect::shared_mutex routes{"routes"};                             // writers first
//   detect::shared_mutex cache{"cache", RwPreference::kReaders};
//
// Whom it prefers is the program's choice, and the detector's business: with kWriters a reader
// waits while a writer does, so a thread that reads again while it reads can deadlock with a
// writer; with kReaders it cannot, but a stream of readers can keep writers out for good, which no
// detector can tell from a busy program. So the default is kWriters: what goes wrong then is
// reported.
//
// Context: hot. Memory: 12 bytes. Cost: uncontended, one compare-exchange and the record.
#pragma once

#include "libdetect/base/kinds.h"
#include "libdetect/sync/locks.h"
#include "libdetect/sync/rw_lock.h"

namespace detect {

class shared_mutex {
 public:
  constexpr shared_mutex() noexcept : shared_mutex(RwPreference::kWriters) {}
  constexpr explicit shared_mutex(RwPreference preference) noexcept : lock_(preference) {}
  // The name is copied.
  explicit shared_mutex(const char* name, RwPreference preference = RwPreference::kWriters);
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
  sync::RwLock lock_;
};

}  // namespace detect
