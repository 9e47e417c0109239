// queue hands items from threads that produce them to threads that consume them.
//
//   detect::queue<Job> jobs(100, "jobs");          // 100 places; 0: as many as fit in memory
//   jobs.put(job);                                 // producer; blocks while it is full
//
//   Job job = jobs.get();                          // consumer; blocks while it is empty
//   Work(job);
//   jobs.task_done();
//
//   jobs.join();                                   // blocks until all that was put is done
//
// There are two ways to end the consumers. close() refuses further items and lets the ones inside
// be drained; then get() throws queue_closed. Or an agreed item, the poison, is put last, and the
// consumers take items with get_unless(poison).
//
// Waiting threads are recorded as waiting for one of three conditions, named after the queue:
// "jobs not empty", "jobs not full", "jobs all done". Each wait is interruptible.
//
// Threads: any. Memory: 104 bytes and the items.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include "libdetect/tasks/queue_monitor.h"
#include "libdetect/tasks/queue_policy.h"

namespace detect {

template <typename T, typename Policy = fifo<T>>
class queue {
 public:
  using value_type = T;

  explicit queue(size_t maxsize = 0, const char* name = nullptr, Policy policy = Policy())
      : monitor_(name), maxsize_(maxsize), items_(std::move(policy)) {}

  // Each throws queue_closed once the queue is closed, and queue_full where there is no place at
  // once or in time; the item is then still the caller's.
  template <std::convertible_to<T> U = T>
  void put(U&& item) {
    Put(std::forward<U>(item), tasks::WaitForever());
  }
  template <std::convertible_to<T> U = T>
  void put_nowait(U&& item) {
    Put(std::forward<U>(item), tasks::DoNotWait());
  }
  template <std::convertible_to<T> U = T, typename Rep, typename Period>
  void put_for(U&& item, const std::chrono::duration<Rep, Period>& duration) {
    Put(std::forward<U>(item), tasks::WaitAtMost<std::chrono::duration<Rep, Period>>{duration});
  }
  template <std::convertible_to<T> U = T, typename Clock, typename Duration>
  void put_until(U&& item, const std::chrono::time_point<Clock, Duration>& time) {
    Put(std::forward<U>(item), tasks::WaitUntil<std::chrono::time_point<Clock, Duration>>{time});
  }

  // Each throws queue_closed once the queue is closed and drained, and queue_empty where there is
  // no item at once or in time.
  T get() { return Get(tasks::WaitForever()); }
  T get_nowait() { return Get(tasks::DoNotWait()); }
  template <typename Rep, typename Period>
  T get_for(const std::chrono::duration<Rep, Period>& duration) {
    return Get(tasks::WaitAtMost<std::chrono::duration<Rep, Period>>{duration});
  }
  template <typename Clock, typename Duration>
  T get_until(const std::chrono::time_point<Clock, Duration>& time) {
    return Get(tasks::WaitUntil<std::chrono::time_point<Clock, Duration>>{time});
  }

  // As get(), but returns nothing where the next item is `poison`, which stays in the queue: one
  // ends all consumers. Nobody calls task_done() for it, so join() comes before it is put.
  std::optional<T> get_unless(const T& poison) {
    std::unique_lock hold(monitor_.mu);
    AwaitItem(hold, tasks::WaitForever());
    if (items_.next() == poison) {
      monitor_.not_empty.notify_one();
      return std::nullopt;
    }
    return Take();
  }

  // Says that the work for one item is done, after it was got. Throws std::logic_error, and is
  // reported as misuse, where it is called more often than put().
  [[gnu::noinline]] void task_done() { monitor_.TaskDone(DETECT_CALLER()); }

  // Blocks until task_done() was called for each item ever put.
  void join() { monitor_.Join(); }

  void close() { monitor_.Close(); }
  bool is_closed() const {
    std::lock_guard hold(monitor_.mu);
    return monitor_.closed;
  }

  // How it was at some time during the call.
  size_t size() const {
    std::lock_guard hold(monitor_.mu);
    return items_.size();
  }
  bool empty() const { return size() == 0; }
  bool full() const {
    std::lock_guard hold(monitor_.mu);
    return !HasPlace();
  }

  size_t maxsize() const { return maxsize_; }

 private:
  // Requires, of each below: the mutex is held.
  bool HasPlace() const { return maxsize_ == 0 || items_.size() < maxsize_; }

  T Take() {
    T item = items_.pop();
    monitor_.not_full.notify_one();
    return item;
  }

  template <typename Wait>
  void AwaitItem(std::unique_lock<mutex>& hold, const Wait& wait) {
    const auto ready = [this] { return items_.size() > 0 || monitor_.closed; };
    if (!wait(monitor_.not_empty, hold, ready)) throw queue_empty();
    if (items_.size() == 0) throw queue_closed();
  }

  // These two take it.
  template <typename Wait>
  T Get(const Wait& wait) {
    std::unique_lock hold(monitor_.mu);
    AwaitItem(hold, wait);
    return Take();
  }

  template <typename U, typename Wait>
  void Put(U&& item, const Wait& wait) {
    std::unique_lock hold(monitor_.mu);
    const auto ready = [this] { return HasPlace() || monitor_.closed; };
    if (!wait(monitor_.not_full, hold, ready)) throw queue_full();
    if (monitor_.closed) throw queue_closed();
    items_.push(std::forward<U>(item));
    ++monitor_.unfinished;
    monitor_.not_empty.notify_one();
  }

  tasks::QueueMonitor monitor_;
  const size_t maxsize_;  // 0: no bound
  Policy items_;          // guarded by monitor_.mu
};

template <typename T>
using lifo_queue = queue<T, lifo<T>>;

template <typename T, typename Compare = std::less<T>>
using priority_queue = queue<T, priority<T, Compare>>;

}  // namespace detect
