// completion_queue hands out the results of tasks in the order in which they are completed.
//
//   detect::completion_queue<Page> pages(pool);
//   for (const Url& url : urls) pages.submit(Download, url);
//   for (size_t i = 0; i < urls.size(); ++i) Show(pages.take().get());   // the fastest first
//
// A task that threw or was cancelled is completed, too: get() then throws.
//
// Threads: any. It may end before its tasks do: the results that come later are dropped.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "libdetect/tasks/future.h"
#include "libdetect/tasks/queue.h"
#include "libdetect/tasks/thread_pool.h"

namespace detect {

template <typename T>
class completion_queue {
 public:
  // The pool must outlive what is submitted here. `name`: of the queue, see detect::queue.
  explicit completion_queue(thread_pool& pool, const char* name = nullptr)
      : pool_(pool), completed_(std::make_shared<Completed>(0, name)) {}

  // As thread_pool::submit(). The future is the one that take() will return.
  template <typename F, typename... Args>
  shared_future<T> submit(F&& f, Args&&... args) {
    return pool_.submit_then(
        [completed = completed_](shared_future<T> done) { completed->put(std::move(done)); },
        std::forward<F>(f), std::forward<Args>(args)...);
  }

  // Returns the next future that is complete; blocks until there is one.
  shared_future<T> take() { return completed_->get(); }

  // Returns nothing where there is none, at once or in time.
  std::optional<shared_future<T>> poll() {
    return OrNothing([&] { return completed_->get_nowait(); });
  }
  template <typename Rep, typename Period>
  std::optional<shared_future<T>> poll_for(const std::chrono::duration<Rep, Period>& duration) {
    return OrNothing([&] { return completed_->get_for(duration); });
  }

 private:
  using Completed = queue<shared_future<T>>;

  template <typename Get>
  static std::optional<shared_future<T>> OrNothing(Get get) {
    try {
      return get();
    } catch (const queue_empty&) {
      return std::nullopt;
    }
  }

  thread_pool& pool_;
  const std::shared_ptr<Completed> completed_;  // shared with its tasks
};

}  // namespace detect
