// guarded<T> is a value that can only be reached through its lock.
//
//   detect::guarded<std::map<int, int>> accounts;
//   (*accounts.lock())[7] += 10;                                  // for this expression
//   accounts.with([](auto& all) { all[7] -= 10; all[8] += 10; }); // for this call
//
// unguarded() is the way around the lock, for code that says it holds it: where it does not, the
// detector reports unguarded access.
//
// Threads: any, as far as the lock goes. Context: hot. Memory: the value and the lock.
#pragma once

#include <concepts>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <tuple>
#include <type_traits>
#include <utility>

#include "libdetect/base/kinds.h"
#include "libdetect/recorder/call_site.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/sync/mutex.h"

namespace detect {
namespace sync {

// Reports Misuse::kUnguarded where the calling thread does not hold `lock`.
void CheckHeld(const void* lock, ResourceKind kind, recorder::Caller caller);

template <typename L>
concept SharedLockable = requires(L& lock) {
  lock.lock_shared();
  lock.unlock_shared();
};

}  // namespace sync

// The value while its lock is held: a pointer to it that unlocks when it goes.
template <typename T, typename Hold>
class guarded_access {
 public:
  guarded_access(T& value, Hold hold) : value_(&value), hold_(std::move(hold)) {}

  T& operator*() const noexcept { return *value_; }
  T* operator->() const noexcept { return value_; }

  // What holds the lock, for a condition to wait with.
  Hold& hold() noexcept { return hold_; }

 private:
  T* value_;
  Hold hold_;
};

template <typename T, typename Mutex = mutex>
class guarded {
 public:
  using access = guarded_access<T, std::unique_lock<Mutex>>;
  using const_access = guarded_access<const T, std::unique_lock<Mutex>>;

  template <typename... Args>
  requires std::constructible_from<T, Args...>
  explicit guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  // Makes the lock from the first tuple, as {"accounts", lock_rank{3}}, and the value from the
  // second.
  template <typename... MutexArgs, typename... Args>
  guarded(std::piecewise_construct_t, std::tuple<MutexArgs...> mutex_args, std::tuple<Args...> args)
      : mutex_(std::make_from_tuple<Mutex>(std::move(mutex_args))),
        value_(std::make_from_tuple<T>(std::move(args))) {}

  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;

  // Blocks: until the lock is taken; the result holds it.
  [[nodiscard]] access lock() { return {value_, std::unique_lock(mutex_)}; }
  [[nodiscard]] const_access lock() const { return {value_, std::unique_lock(mutex_)}; }
  [[nodiscard]] auto lock_shared() const requires sync::SharedLockable<Mutex> {
    return guarded_access<const T, std::shared_lock<Mutex>>(value_, std::shared_lock(mutex_));
  }

  // Returns what `f(value)` does, called with the lock held.
  template <std::invocable<T&> F>
  decltype(auto) with(F&& f) {
    std::lock_guard hold(mutex_);
    return std::invoke(std::forward<F>(f), value_);
  }
  template <std::invocable<const T&> F>
  decltype(auto) with(F&& f) const {
    std::lock_guard hold(mutex_);
    return std::invoke(std::forward<F>(f), value_);
  }

  // Requires: the lock is held by the caller, in whatever mode its use of the value needs.
  [[gnu::always_inline]] T& unguarded() {
    if constexpr (recorder::kEnabled) CheckHeld();
    return value_;
  }
  [[gnu::always_inline]] const T& unguarded() const {
    if constexpr (recorder::kEnabled) CheckHeld();
    return value_;
  }

 private:
  [[gnu::noinline]] void CheckHeld() const { sync::CheckHeld(&mutex_, kKind, DETECT_CALLER()); }

  static constexpr ResourceKind kKind =
      sync::SharedLockable<Mutex> ? ResourceKind::kRwLock : ResourceKind::kMutex;

  mutable Mutex mutex_;
  T value_;  // guarded by mutex_
};

}  // namespace detect
