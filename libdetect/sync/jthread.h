// std::jthread, seen by the detector: a detect::thread that is asked to stop and joined when it
// goes.
//
//   detect::jthread poller([](std::stop_token stop) { while (!stop.stop_requested()) Poll(); });
//
// request_stop() is what the callable looks at through its stop_token; interrupt() gets it out of a
// wait. A destructor only does the first, as the standard's: a wait that takes no stop_token goes
// on, and so does the join, which the detector sees.
//
// A daemon is joined as well, since a jthread says by its type that somebody waits for it.
//
// Threads: as std::jthread. Cost: as detect::thread, and a stop state.
#pragma once

#include <concepts>
#include <functional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#include "libdetect/sync/thread.h"

namespace detect {

using std::nostopstate;
using std::nostopstate_t;
using std::stop_callback;
using std::stop_source;
using std::stop_token;

class jthread {
 public:
  using id = thread::id;
  using native_handle_type = thread::native_handle_type;

  jthread() noexcept : source_(nostopstate) {}

  template <typename F, typename... Args>
  requires(!std::same_as<std::remove_cvref_t<F>, jthread> &&
           !std::same_as<std::remove_cvref_t<F>, thread_options>) explicit jthread(F&& f,
                                                                                   Args&&... args)
      : jthread(thread_options(), std::forward<F>(f), std::forward<Args>(args)...) {}

  template <typename F, typename... Args>
  explicit jthread(const thread_options& options, F&& f, Args&&... args)
      : thread_(Start(source_, options, std::forward<F>(f), std::forward<Args>(args)...)) {}

  ~jthread() { StopAndJoin(); }

  jthread(jthread&&) noexcept = default;
  jthread& operator=(jthread&& other) noexcept {
    if (this == &other) return *this;
    StopAndJoin();
    thread_ = std::move(other.thread_);
    source_ = std::move(other.source_);
    return *this;
  }
  jthread(const jthread&) = delete;
  jthread& operator=(const jthread&) = delete;

  void swap(jthread& other) noexcept {
    std::swap(source_, other.source_);
    thread_.swap(other.thread_);
  }

  bool joinable() const noexcept { return thread_.joinable(); }
  bool daemon() const noexcept { return thread_.daemon(); }
  id get_id() const noexcept { return thread_.get_id(); }
  native_handle_type native_handle() const { return thread_.native_handle(); }
  static unsigned hardware_concurrency() noexcept { return thread::hardware_concurrency(); }

  // As those of thread.
  void join() { thread_.join(); }
  void detach() { thread_.detach(); }
  void interrupt() noexcept { thread_.interrupt(); }
  bool is_interrupted() const noexcept { return thread_.is_interrupted(); }
  void set_name(const std::string& name) { thread_.set_name(name); }

  stop_source get_stop_source() noexcept { return source_; }
  stop_token get_stop_token() const noexcept { return source_.get_token(); }
  // Returns whether this call was the one that made the request.
  bool request_stop() noexcept { return source_.request_stop(); }

 private:
  template <typename F, typename... Args>
  static thread Start(const stop_source& source, const thread_options& options, F&& f,
                      Args&&... args) {
    if constexpr (std::invocable<std::decay_t<F>, stop_token, std::decay_t<Args>...>) {
      return thread(options, std::forward<F>(f), source.get_token(), std::forward<Args>(args)...);
    } else {
      return thread(options, std::forward<F>(f), std::forward<Args>(args)...);
    }
  }

  void StopAndJoin() {
    if (!joinable()) return;
    request_stop();
    join();
  }

  stop_source source_;
  thread thread_;
};

inline void swap(jthread& a, jthread& b) noexcept { a.swap(b); }

}  // namespace detect
