// Task is something to run once, or time and again, whose result goes to a future.
//
//   Task ──owns──► callable
//     └───shares──► ResultState<R> ◄── future<R>, shared_future<R>
//
// A task that is destroyed without having run breaks its promise.
//
// Context: the threads of a pool. Threads: one at a time.
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "libdetect/sync/deadline.h"
#include "libdetect/sync/interruption.h"
#include "libdetect/tasks/future_state.h"

namespace detect::tasks {

using TaskClock = std::chrono::steady_clock;

// Returns the time after `duration`, or the latest there is.
template <typename Rep, typename Period>
TaskClock::time_point TimeAfter(const std::chrono::duration<Rep, Period>& duration) {
  return TaskClock::time_point(sync::DeadlineAfter(duration).since_epoch);
}

class Task {
 public:
  explicit Task(std::shared_ptr<FutureState> state) : state_(std::move(state)) {}
  virtual ~Task();
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // Runs it on the calling thread, unless it was cancelled; what it throws goes to its future.
  // `worker` is the caller's own, through which the task can be interrupted; null: it cannot.
  void Run(sync::Interruption* worker = nullptr);

  const std::shared_ptr<FutureState>& state() const { return state_; }

  // How a task is repeated: at a fixed rate, counted from when the last run was due, or with a
  // fixed delay, counted from when it ended.
  enum class Repeat { kNever, kAtFixedRate, kWithFixedDelay };
  struct Timing {
    TaskClock::time_point due{};
    Repeat repeat = Repeat::kNever;
    TaskClock::duration period{};
  };
  Timing timing;

  // Whether it is to run again, after a run: its future is complete only once it never will.
  bool IsRepeated() const { return timing.repeat != Repeat::kNever && !state_->IsClaimed(); }

 private:
  // Calls the callable, ends `run`, and then completes the future, or not yet.
  virtual void Call(FutureState::ScopedRun& run) = 0;

  const std::shared_ptr<FutureState> state_;
};

// A callable with its arguments, all copied or moved here, to be called once.
template <typename F, typename... Args>
class Bound {
 public:
  static constexpr bool kTakesToken = std::invocable<F, std::stop_token, Args...>;

  template <typename G, typename... Given>
  explicit Bound(std::in_place_t, G&& f, Given&&... args)
      : f_(std::forward<G>(f)), args_(std::forward<Given>(args)...) {}

  decltype(auto) Call([[maybe_unused]] const std::stop_token& token) {
    return std::apply(
        [&](Args&... args) -> decltype(auto) {
          if constexpr (kTakesToken) {
            return std::invoke(std::move(f_), token, std::move(args)...);
          } else {
            return std::invoke(std::move(f_), std::move(args)...);
          }
        },
        args_);
  }

 private:
  F f_;
  std::tuple<Args...> args_;
};

template <typename F, typename... Args>
using BoundOf = Bound<std::decay_t<F>, std::decay_t<Args>...>;

// What a callable returns, called as a task. A std::stop_token comes first where it takes one.
template <typename F, typename... Args>
using ResultOf =
    decltype(std::declval<BoundOf<F, Args...>&>().Call(std::declval<const std::stop_token&>()));

template <typename R, typename Callable>
class SingleTask final : public Task {
 public:
  template <typename... Parts>
  SingleTask(std::shared_ptr<ResultState<R>> state, Parts&&... parts)
      : Task(state), result_(*state), callable_(std::in_place, std::forward<Parts>(parts)...) {}

 private:
  void Call(FutureState::ScopedRun& run) override {
    const std::stop_token token = result_.StopToken();
    if constexpr (std::is_void_v<R>) {
      callable_.Call(token);
      run.End();
      result_.Set();
    } else if constexpr (std::is_reference_v<R>) {
      auto* result = std::addressof(callable_.Call(token));
      run.End();
      result_.Set(result);
    } else {
      R result = callable_.Call(token);
      run.End();
      result_.Set(std::move(result));
    }
  }

  ResultState<R>& result_;  // the Task's state
  Callable callable_;
};

// Its future is complete only when it is cancelled or throws.
template <typename F>
class RepeatedTask final : public Task {
 public:
  template <typename G>
  RepeatedTask(std::shared_ptr<FutureState> state, G&& f)
      : Task(std::move(state)), f_(std::forward<G>(f)) {}

 private:
  void Call(FutureState::ScopedRun& run) override {
    std::invoke(f_);
    run.End();
  }

  F f_;
};

// Makes a task of `f` and its arguments. `pool`: see FutureState.
template <typename F, typename... Args>
auto MakeTask(const void* pool, F&& f, Args&&... args) {
  using R = ResultOf<F, Args...>;
  using Callable = BoundOf<F, Args...>;
  auto state = std::make_shared<ResultState<R>>(
      pool, Callable::kTakesToken ? std::stop_source() : std::stop_source(std::nostopstate));
  auto task = std::make_unique<SingleTask<R, Callable>>(state, std::forward<F>(f),
                                                        std::forward<Args>(args)...);
  return std::pair(std::unique_ptr<Task>(std::move(task)), std::move(state));
}

}  // namespace detect::tasks
