// thread_pool runs tasks on threads of its own, and gives a future for the result of each.
//
//   auto pool = detect::thread_pool::fixed(4, {.name = "jobs"});   // its threads: "jobs-1", …
//   detect::future<int> size = pool.submit(CountLines, path);
//   …
//   Use(size.get());                        // the result, or what the task threw
//
// Kinds of pool, as in java.util.concurrent:
//
//   fixed(n)   n threads, from the start to the end; further tasks queue
//   single()   one: tasks never overlap, and run in the order in which they came
//   cached()   a thread for each task that finds none idle; an idle one ends after keep_alive
//
// Who waits for a task that is still queued in a fixed pool waits for any of its threads: where all
// of those wait for such tasks themselves, the pool is starved, a deadlock that the detector
// proves. A cached pool cannot starve.
//
// A task should take back what it changes in its thread. Locks that it leaves behind are reported.
// It may not end the thread by pthread_exit.
//
// Threads: any; destroy it outside its own tasks. Memory: the threads, and 2 allocations a task.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "libdetect/sync/deadline.h"
#include "libdetect/sync/interrupted.h"
#include "libdetect/tasks/future.h"
#include "libdetect/tasks/pool_core.h"
#include "libdetect/tasks/task.h"

namespace detect {

class thread_pool {
 public:
  using unstarted_tasks = std::vector<tasks::TaskPtr>;

  // Each throws std::system_error where the system refuses a thread, std::invalid_argument for
  // none.
  static thread_pool fixed(size_t threads, const pool_options& options = {}) {
    if (threads == 0) throw std::invalid_argument("thread_pool: no threads");
    return thread_pool(Core::Kind::kFixed, threads, options);
  }
  static thread_pool single(const pool_options& options = {}) { return fixed(1, options); }
  static thread_pool cached(const pool_options& options = {}) {
    return thread_pool(Core::Kind::kCached, 0, options);
  }

  // shutdown(), and then waits for all tasks to end.
  ~thread_pool() = default;
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  // This and all that take a task throw rejected_execution after shutdown. The callable and its
  // arguments are copied or moved; a std::stop_token comes first where it takes one, and is
  // stopped by future::cancel().
  template <typename F, typename... Args>
  auto submit(F&& f, Args&&... args) {
    auto [task, state] = Make(std::forward<F>(f), std::forward<Args>(args)...);
    core_.Submit(std::move(task));
    return future<tasks::ResultOf<F, Args...>>(std::move(state));
  }

  // As submit(); once the future is complete, `then` is called with it, on the thread that did it.
  template <typename Then, typename F, typename... Args>
  auto submit_then(Then then, F&& f, Args&&... args) {
    auto [task, state] = Make(std::forward<F>(f), std::forward<Args>(args)...);
    shared_future<tasks::ResultOf<F, Args...>> result(state);
    state->on_ready = [then = std::move(then), result] { then(result); };
    try {
      core_.Submit(std::move(task));
    } catch (...) {
      state->on_ready = nullptr;  // what was rejected is nobody's result
      throw;
    }
    return result;
  }

  // As submit(), without a future: an exception that leaves `f` ends the program, as it does from a
  // thread. Only detect::interrupted just ends the task.
  template <typename F>
  void execute(F&& f) {
    (void)submit([f = std::forward<F>(f)]() mutable noexcept {
      try {
        f();
      } catch (const interrupted&) {
      }
    });
  }

  // Submits all callables of a range and blocks until all are done, well or not. Where the wait is
  // interrupted, or one is rejected, the others are cancelled.
  template <std::ranges::input_range Callables>
  auto invoke_all(Callables&& callables) {
    return InvokeAll(callables, [](const auto& future) { return future.wait(), true; });
  }
  // The same, for at most `timeout`: what is not done by then is cancelled.
  template <std::ranges::input_range Callables, typename Rep, typename Period>
  auto invoke_all(Callables&& callables, const std::chrono::duration<Rep, Period>& timeout) {
    const auto end = tasks::TimeAfter(timeout);
    return InvokeAll(callables, [end](const auto& future) {
      return future.wait_until(end) == future_status::ready;
    });
  }

  // Runs `f` once the delay has passed.
  template <typename Rep, typename Period, typename F, typename... Args>
  auto schedule(const std::chrono::duration<Rep, Period>& delay, F&& f, Args&&... args) {
    auto [task, state] = Make(std::forward<F>(f), std::forward<Args>(args)...);
    task->timing.due = tasks::TimeAfter(delay);
    core_.SubmitLater(std::move(task));
    return future<tasks::ResultOf<F, Args...>>(std::move(state));
  }

  // Runs `f` after the first delay and then time and again: when the next multiple of `period`
  // since then has come, so that it does not drift, or when `delay` has passed since the last run
  // ended. Runs never overlap; late ones are caught up with. They end when the future is cancelled,
  // when the pool is shut down, or when one throws: then the future has the exception.
  // Requires: period and delay are above zero; otherwise throws std::invalid_argument.
  template <typename F>
  future<void> schedule_at_fixed_rate(std::chrono::nanoseconds initial_delay,
                                      std::chrono::nanoseconds period, F&& f) {
    return Repeat(initial_delay, Repetition::kAtFixedRate, period, std::forward<F>(f));
  }
  template <typename F>
  future<void> schedule_with_fixed_delay(std::chrono::nanoseconds initial_delay,
                                         std::chrono::nanoseconds delay, F&& f) {
    return Repeat(initial_delay, Repetition::kWithFixedDelay, delay, std::forward<F>(f));
  }

  // Takes no more tasks. Those that were taken, also the delayed ones, still run; repeated ones are
  // cancelled. Does not block.
  void shutdown() { core_.Shutdown(); }

  // The same, but interrupts what runs, and returns what was not started: to be run by the caller,
  // or destroyed, which breaks their promises.
  unstarted_tasks shutdown_now() { return core_.ShutdownNow(); }

  bool is_shutdown() const { return core_.IsShutdown(); }

  // Whether, after shutdown, all tasks have ended.
  bool is_terminated() const { return core_.IsTerminated(); }

  // Blocks until it is terminated; returns false where the timeout passes before.
  template <typename Rep, typename Period>
  bool await_termination(const std::chrono::duration<Rep, Period>& timeout) {
    return core_.AwaitTermination(sync::SaturatedNanoseconds(timeout));
  }

  const std::string& name() const { return core_.name(); }

  // The threads that it has now.
  size_t size() const { return core_.CountThreads(); }

 private:
  using Core = tasks::PoolCore;
  using Repetition = tasks::Task::Repeat;

  thread_pool(Core::Kind kind, size_t threads, const pool_options& options)
      : core_(kind, threads, options) {}

  template <typename F, typename... Args>
  auto Make(F&& f, Args&&... args) {
    return tasks::MakeTask(core_.identity(), std::forward<F>(f), std::forward<Args>(args)...);
  }

  template <typename Callables, typename Await>
  auto InvokeAll(Callables& callables, Await await) {
    using F = std::ranges::range_reference_t<Callables>;
    std::vector<future<tasks::ResultOf<F>>> futures;
    const auto cancel_all = [&futures] {
      for (const auto& future : futures) future.cancel();
    };
    try {
      for (auto&& callable : callables) futures.push_back(submit(callable));
      if (!std::ranges::all_of(futures, await)) cancel_all();
    } catch (...) {
      cancel_all();
      throw;
    }
    return futures;
  }

  template <typename F>
  future<void> Repeat(std::chrono::nanoseconds initial_delay, Repetition repeat,
                      std::chrono::nanoseconds period, F&& f) {
    if (period <= period.zero()) throw std::invalid_argument("thread_pool: no time between runs");
    auto state = std::make_shared<tasks::ResultState<void>>(core_.identity(),
                                                            std::stop_source(std::nostopstate));
    auto task = std::make_unique<tasks::RepeatedTask<std::decay_t<F>>>(state, std::forward<F>(f));
    task->timing = {tasks::TimeAfter(initial_delay), repeat, period};
    core_.SubmitLater(std::move(task));
    return future<void>(std::move(state));
  }

  Core core_;
};

}  // namespace detect
