// synchronized() wraps a callable in a lock, so that calls to it exclude each other.
//
//   auto increment = detect::synchronized([](int& counter) { ++counter; });
//   increment(counter);                                  // from any thread
//
//   auto withdraw = detect::synchronized(Withdraw, accounts);
//   auto deposit = detect::synchronized(Deposit, accounts);    // excludes withdraw, too
//
// A call may call the wrapper again: its own lock is recursive. A lock that is passed in is used as
// it is, has to live as long as the wrapper, and lets a call recurse only where it is recursive.
// The lock is released however the call ends.
//
// Threads: any may call; copies of a wrapper share its lock, each having a callable of its own.
// Context: hot. Memory: its own lock is on the heap, once.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "libdetect/sync/recursive_mutex.h"

namespace detect {

template <typename F, typename Lock>
class synchronized_call {
 public:
  synchronized_call(F f, std::shared_ptr<Lock> lock) : f_(std::move(f)), lock_(std::move(lock)) {}

  template <typename... Args>
  requires std::invocable<F&, Args...> std::invoke_result_t<F&, Args...>
  operator()(Args&&... args) {
    std::lock_guard hold(*lock_);
    return std::invoke(f_, std::forward<Args>(args)...);
  }

  template <typename... Args>
  requires std::invocable<const F&, Args...> std::invoke_result_t<const F&, Args...>
  operator()(Args&&... args) const {
    std::lock_guard hold(*lock_);
    return std::invoke(f_, std::forward<Args>(args)...);
  }

 private:
  F f_;
  std::shared_ptr<Lock> lock_;
};

template <typename F>
auto synchronized(F&& f) {
  return synchronized_call<std::decay_t<F>, recursive_mutex>(std::forward<F>(f),
                                                             std::make_shared<recursive_mutex>());
}

template <typename F, typename Lock>
auto synchronized(F&& f, Lock& lock) {
  // Shares ownership of nothing: the lock is the caller's.
  return synchronized_call<std::decay_t<F>, Lock>(
      std::forward<F>(f), std::shared_ptr<Lock>(std::shared_ptr<void>(), &lock));
}

}  // namespace detect
