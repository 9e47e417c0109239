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

#include "libdetect/recorder/recorder.h"

namespace detect {

class confined_to_thread {
 public:
  // Bound to the caller.
  [[gnu::always_inline]] confined_to_thread() { rebind(); }
  confined_to_thread(const confined_to_thread& other) noexcept { *this = other; }
  confined_to_thread& operator=(const confined_to_thread& other) noexcept;

  // Reports Misuse::kConfined where the caller is not the owner.
  [[gnu::always_inline]] void check() const {
    if constexpr (recorder::kEnabled) Check();
  }
  // Makes the caller the owner.
  [[gnu::always_inline]] void rebind() {
    if constexpr (recorder::kEnabled) Bind();
  }

 private:
  // Called in place of check and rebind, from the program's own function: its place is recorded.
  void Check() const;
  void Bind();

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
  [[gnu::always_inline]] explicit thread_confined(Args&&... args)
      : value_(std::forward<Args>(args)...) {}

  [[gnu::always_inline]] T& operator*() {
    thread_.check();
    return value_;
  }
  [[gnu::always_inline]] const T& operator*() const {
    thread_.check();
    return value_;
  }
  [[gnu::always_inline]] T* operator->() { return &**this; }
  [[gnu::always_inline]] const T* operator->() const { return &**this; }

  // Makes the caller the owner.
  [[gnu::always_inline]] void rebind() { thread_.rebind(); }

 private:
  confined_to_thread thread_;
  T value_;
};

}  // namespace detect
