// std::mutex, seen by the detector.
//
//   detect::mutex accounts{"accounts"};     // reports call it by this name
//   std::lock_guard hold(accounts);
//
// It differs from std::mutex in three ways. It can have a name. lock() throws
// std::system_error(resource_deadlock_would_occur), without the lock, in the thread that a Monitor
// with the policy kVictim has chosen to end a deadlock. And its destructor, which ends the name, is
// not trivial.
//
// Context: hot. Memory: 12 bytes. Cost: uncontended, one compare-exchange and the record.
#pragma once

#include "libdetect/sync/lock_rank.h"
#include "libdetect/sync/locks.h"
#include "libdetect/sync/owned_lock.h"

namespace detect {

class mutex {
 public:
  constexpr mutex() noexcept = default;
  constexpr explicit mutex(lock_rank rank) noexcept : lock_(rank) {}
  // The name is copied.
  explicit mutex(const char* name, lock_rank rank = {});
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  void lock();
  // As lock(), but throws detect::interrupted in a thread that was interrupted.
  void lock_interruptibly();
  [[nodiscard]] bool try_lock();
  void unlock();

 private:
  friend class condition_variable;

  sync::OwnedLock lock_;
};

}  // namespace detect
