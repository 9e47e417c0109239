// What only one thread may use at a time, and needs no lock for that reason.
//
//   detect::thread_confined<Parser> parser;           class Parser {
//   parser->Feed(text);                                 void Feed() { thread_.check(); … }
//                                                       detect::confined_to_thread thread_;
//                                                     };
//
// It belongs to the thread that made it, until another one calls rebind(): the receiver, once it
// got the object by way of something that orders the two, as a queue does. A use by any other
// thread is reported, with the place of that use and the place where the owner was bound.
//
// Copying and moving is no use: queues do so in any thread. The copy belongs to the same owner.
//
// After fork, what was bound before is not checked until it is bound again.
//
// Threads: see above. Context: hot. Cost: of a use, two loads and two comparisons. Memory: 16
// bytes.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <utility>

#include "libdetect/recorder/call_site.h"
#include "libdetect/recorder/recorder.h"

namespace detect {

class confined_to_thread {
 public:
  // Bound to the caller.
  [[gnu::noinline]] confined_to_thread() { Bind(DETECT_CALLER()); }
  explicit confined_to_thread(recorder::Caller caller) { Bind(caller); }
  confined_to_thread(const confined_to_thread& other) noexcept { *this = other; }
  confined_to_thread& operator=(const confined_to_thread& other) noexcept;

  // Reports Misuse::kConfined where the caller is not the owner.
  [[gnu::noinline]] void check() const { CheckFrom(DETECT_CALLER()); }
  // Makes the caller the owner.
  [[gnu::noinline]] void rebind() { Bind(DETECT_CALLER()); }

  void CheckFrom(recorder::Caller caller) const;

 private:
  void Bind(recorder::Caller caller);

  // Who owns it, and where that was bound: numbers in that region. Null: not known. Racy only in a
  // program that breaks the rule.
  std::atomic<const recorder::Region*> region_{nullptr};
  std::atomic<uint32_t> owner_{0};
  std::atomic<uint32_t> site_{0};
};

template <typename T>
class thread_confined {
 public:
  template <typename... Args>
  requires std::constructible_from<T, Args...>
  [[gnu::noinline]] explicit thread_confined(Args&&... args)
      : thread_(DETECT_CALLER()), value_(std::forward<Args>(args)...) {}

  [[gnu::noinline]] T& operator*() { return Checked(DETECT_CALLER()); }
  [[gnu::noinline]] T* operator->() { return &Checked(DETECT_CALLER()); }
  [[gnu::noinline]] const T& operator*() const { return Checked(DETECT_CALLER()); }
  [[gnu::noinline]] const T* operator->() const { return &Checked(DETECT_CALLER()); }

  // Makes the caller the owner.
  void rebind() { thread_.rebind(); }

 private:
  T& Checked(recorder::Caller caller) {
    thread_.CheckFrom(caller);
    return value_;
  }
  const T& Checked(recorder::Caller caller) const {
    thread_.CheckFrom(caller);
    return value_;
  }

  confined_to_thread thread_;
  T value_;
};

}  // namespace detect
