// std::future, std::shared_future and std::promise, seen by the detector.
//
//   detect::promise<int> answer;
//   detect::future<int> result = answer.get_future();
//   …  answer.set_value(42);                          // one thread
//   …  int value = result.get();                      // another one; recorded: waits for a future
//
// They differ from the standard's in three ways. Waits are interruptible. A future that a thread
// pool gave can be cancelled; get() then throws task_cancelled. And futures are never deferred.
//
// A future of a pool is known to be completed by the thread that runs its task, or, before, by any
// worker of the pool. A promise may be kept by anyone.
//
// Threads: as the standard's. Memory: the shared state, 96 bytes and the result.
#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

#include "libdetect/sync/deadline.h"
#include "libdetect/tasks/future_state.h"

namespace detect {

using std::future_errc;
using std::future_error;
using std::future_status;

template <typename T>
class shared_future;

namespace tasks {

template <typename T>
using StatePtr = std::shared_ptr<ResultState<T>>;

// What future and shared_future have in common.
template <typename T>
class FutureBase {
 public:
  bool valid() const noexcept { return state_ != nullptr; }

  // Each, unless it says otherwise, throws future_error(no_state) where the future is not valid,
  // and detect::interrupted.
  void wait() const { State().Wait(); }

  template <typename Rep, typename Period>
  future_status wait_for(const std::chrono::duration<Rep, Period>& duration) const {
    return StatusOf(State().WaitUntil(sync::DeadlineAfter(duration)));
  }

  template <typename Clock, typename Duration>
  future_status wait_until(const std::chrono::time_point<Clock, Duration>& time) const {
    ResultState<T>& state = State();
    return StatusOf(sync::AttemptUntil(
        time, [&](const sync::Deadline& deadline) { return state.WaitUntil(deadline); }));
  }

  // Completes the future with task_cancelled: a task that has not started never will; one that
  // runs is asked to stop, by its stop_token and by an interrupt. Returns false where the future
  // is complete already, or belongs to a promise.
  bool cancel() const { return State().Cancel(); }

 protected:
  FutureBase() = default;
  explicit FutureBase(StatePtr<T> state) : state_(std::move(state)) {}

  ResultState<T>& State() const {
    if (state_ == nullptr) throw future_error(future_errc::no_state);
    return *state_;
  }

  // Returns the complete state. Throws what it was completed with, where that is an exception.
  ResultState<T>& Await() const {
    ResultState<T>& state = State();
    state.Wait();
    state.RethrowIfFailed();
    return state;
  }

  static future_status StatusOf(bool in_time) {
    return in_time ? future_status::ready : future_status::timeout;
  }

  StatePtr<T> state_;
};

}  // namespace tasks

template <typename T>
class [[nodiscard]] future : public tasks::FutureBase<T> {
 public:
  future() noexcept = default;
  explicit future(tasks::StatePtr<T> state) : tasks::FutureBase<T>(std::move(state)) {}
  future(future&&) noexcept = default;
  future& operator=(future&&) noexcept = default;

  // Blocks until the result is there and hands it over; the future is no longer valid then, unless
  // the wait was interrupted.
  T get() {
    this->State().Wait();
    const tasks::StatePtr<T> state = std::move(this->state_);
    state->RethrowIfFailed();
    if constexpr (std::is_reference_v<T>) {
      return **state->value;
    } else if constexpr (!std::is_void_v<T>) {
      return std::move(*state->value);
    }
  }

  shared_future<T> share() noexcept { return shared_future<T>(std::move(*this)); }

 private:
  friend class shared_future<T>;
};

template <typename T>
class shared_future : public tasks::FutureBase<T> {
 public:
  shared_future() noexcept = default;
  explicit shared_future(tasks::StatePtr<T> state) : tasks::FutureBase<T>(std::move(state)) {}
  shared_future(future<T>&& other) noexcept : tasks::FutureBase<T>(std::move(other.state_)) {}

  // Blocks until the result is there.
  std::conditional_t<std::is_void_v<T>, void, std::add_lvalue_reference_t<const T>> get() const {
    tasks::ResultState<T>& state = this->Await();
    if constexpr (std::is_reference_v<T>) {
      return **state.value;
    } else if constexpr (!std::is_void_v<T>) {
      return *state.value;
    }
  }
};

namespace tasks {

// The part of a promise that does not depend on how a result is set.
template <typename T>
class PromiseBase {
 public:
  PromiseBase() : state_(std::make_shared<ResultState<T>>()) {}
  ~PromiseBase() { Break(); }
  PromiseBase(PromiseBase&& other) noexcept
      : state_(std::move(other.state_)), retrieved_(std::exchange(other.retrieved_, false)) {}
  PromiseBase& operator=(PromiseBase&& other) noexcept {
    PromiseBase(std::move(other)).swap(*this);
    return *this;
  }

  void swap(PromiseBase& other) noexcept {
    state_.swap(other.state_);
    std::swap(retrieved_, other.retrieved_);
  }

  // Throws future_error: no_state after a move, future_already_retrieved a second time.
  future<T> get_future() {
    State();
    if (std::exchange(retrieved_, true)) throw future_error(future_errc::future_already_retrieved);
    return future<T>(state_);
  }

  // Each of the setters throws future_error: no_state after a move, promise_already_satisfied a
  // second time.
  void set_exception(std::exception_ptr error) { Check(State().Fail(std::move(error))); }

 protected:
  template <typename... Parts>
  void Set(Parts&&... parts) {
    Check(State().Set(std::forward<Parts>(parts)...));
  }

 private:
  ResultState<T>& State() const {
    if (state_ == nullptr) throw future_error(future_errc::no_state);
    return *state_;
  }

  static void Check(bool was_unset) {
    if (!was_unset) throw future_error(future_errc::promise_already_satisfied);
  }

  // Those who wait shall not wait for what nobody can do any more.
  void Break() {
    if (state_ == nullptr || state_->IsClaimed()) return;
    state_->Fail(std::make_exception_ptr(future_error(future_errc::broken_promise)));
  }

  StatePtr<T> state_;
  bool retrieved_ = false;
};

}  // namespace tasks

template <typename T>
class promise : public tasks::PromiseBase<T> {
 public:
  void set_value(const T& value) { this->Set(value); }
  void set_value(T&& value) { this->Set(std::move(value)); }
};

template <typename T>
class promise<T&> : public tasks::PromiseBase<T&> {
 public:
  void set_value(T& value) { this->Set(&value); }
};

template <>
class promise<void> : public tasks::PromiseBase<void> {
 public:
  void set_value() { Set(); }
};

template <typename T>
void swap(promise<T>& a, promise<T>& b) noexcept {
  a.swap(b);
}

// Futures that are complete from the start.
template <typename T>
future<std::decay_t<T>> make_ready_future(T&& value) {
  promise<std::decay_t<T>> result;
  result.set_value(std::forward<T>(value));
  return result.get_future();
}

inline future<void> make_ready_future() {
  promise<void> result;
  result.set_value();
  return result.get_future();
}

template <typename T>
future<T> make_exceptional_future(std::exception_ptr error) {
  promise<T> result;
  result.set_exception(std::move(error));
  return result.get_future();
}

template <typename T, typename Error>
future<T> make_exceptional_future(Error error) {
  return make_exceptional_future<T>(std::make_exception_ptr(std::move(error)));
}

}  // namespace detect
