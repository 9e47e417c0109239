// std::thread, seen by the detector, with a name, a daemon flag and interruption.
//
//   detect::thread writer(detect::thread_options{.name = "writer"}, Write, std::ref(log));
//   writer.interrupt();                                // its next interruptible wait throws
//   writer.join();                                     // recorded: waits for "writer" to end
//
// An interruption asks a thread to stop. It wakes the thread from an interruptible wait, which
// throws detect::interrupted; where the thread is in none, its next one throws at once. A thread
// whose callable lets that exception out just ends; any other one terminates the program, as the
// standard's does.
//
// A daemon thread is one that nobody has to wait for: its destructor detaches it where another one
// would terminate the program, which can then end while the thread still runs or is deadlocked. A
// thread inherits the flag from the thread that makes it, unless its options say otherwise.
//
// A lock that a thread still holds when its callable returned, or let an exception out, or was
// ended by pthread_exit or a cancellation, is reported as misuse: nobody can unlock it any more.
//
// Threads: as std::thread. Cost: one slot in the region, beyond std::thread.
#pragma once

#include <pthread.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

#include "libdetect/recorder/region.h"
#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/interruption.h"
#include "libdetect/sync/this_thread.h"

namespace detect {

struct thread_options {
  std::string name = {};  // the kernel keeps its first 15 bytes, reports 47
  std::optional<bool> daemon = {};
};

class thread {
 public:
  using id = std::thread::id;
  using native_handle_type = std::thread::native_handle_type;

  thread() noexcept = default;

  template <typename F, typename... Args>
  requires(!std::same_as<std::remove_cvref_t<F>, thread> &&
           !std::same_as<std::remove_cvref_t<F>, thread_options>) explicit thread(F&& f,
                                                                                  Args&&... args)
      : thread(thread_options(), std::forward<F>(f), std::forward<Args>(args)...) {}

  template <typename F, typename... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  explicit thread(const thread_options& options, F&& f, Args&&... args) {
    using Call = std::tuple<std::decay_t<F>, std::decay_t<Args>...>;
    Start(options,
          std::make_shared<BodyOf<Call>>(Call(std::forward<F>(f), std::forward<Args>(args)...)));
  }

  ~thread();

  thread(thread&& other) noexcept { swap(other); }
  thread& operator=(thread&& other) noexcept;
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;

  void swap(thread& other) noexcept;

  bool joinable() const noexcept { return id_ != id(); }
  bool daemon() const noexcept { return daemon_; }
  id get_id() const noexcept { return id_; }
  native_handle_type native_handle() const { return native_; }
  static unsigned hardware_concurrency() noexcept { return std::thread::hardware_concurrency(); }

  // Throws std::system_error: resource_deadlock_would_occur for the caller itself, invalid_argument
  // where there is nothing to join.
  void join();
  void detach();

  // Asks the thread to stop. Without effect once it has ended, and where there is none.
  void interrupt() noexcept;
  // Returns whether an interruption is pending: neither thrown nor taken by the thread so far.
  bool is_interrupted() const noexcept;

  // Names the thread for reports and for the kernel. Without effect once it has ended.
  void set_name(const std::string& name);

 private:
  // What a thread runs, and what it shares with its object: in one piece, to be made at once.
  struct Body {
    virtual ~Body() = default;
    virtual void Run() = 0;
    // Destroys the callable, which must not outlive its thread. Run may not have been called.
    virtual void End() = 0;

    sync::Interruption interruption;
    // Set by Start.
    std::shared_ptr<Body> self;  // the new thread's
    recorder::ThreadSlot* slot = nullptr;
    std::string name;
    bool daemon = false;
  };
  template <typename Call>
  struct BodyOf final : Body {
    explicit BodyOf(Call&& c) : call(std::move(c)) {}
    void Run() override {
      std::apply([](auto&&... parts) { std::invoke(std::move(parts)...); }, std::move(*call));
    }
    void End() override { call.reset(); }
    std::optional<Call> call;
  };
  struct ScopedBody;

  void Start(const thread_options& options, std::shared_ptr<Body> body);
  static void* Main(void* body);
  static void RunUnlessInterrupted(Body& body);
  // The thread's own slot; null once it has ended, or where it is not recorded.
  recorder::ThreadSlot* slot() const;
  // Becomes as if default-constructed.
  void Forget();

  id id_;
  native_handle_type native_ = 0;
  recorder::ThreadSlot* slot_ = nullptr;
  uint32_t number_ = 0;  // the slot's, while it is this thread's
  bool daemon_ = false;
  std::shared_ptr<Body> body_;  // shared with the thread itself
};

inline void swap(thread& a, thread& b) noexcept { a.swap(b); }

}  // namespace detect
