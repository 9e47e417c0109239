// models::Semaphore hands out permits, and models::Mutex the one permit there is: try to acquire,
// and release. In the models a call never blocks, because a thread that waits has not returned:
// what blocks is recorded as the try that succeeded, begun when the wait began.
//
// Context: tool. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libdetect/harness/models/text.h"

namespace detect::models {

template <int64_t kPermits>
struct Semaphore {
  enum class Input : uint8_t { kTryAcquire, kRelease };
  using Output = bool;  // of kTryAcquire: whether it did; of kRelease, true

  static Input TryAcquire() { return Input::kTryAcquire; }
  static Input Release() { return Input::kRelease; }

  Output Apply(Input input) {
    if (input == Input::kTryAcquire && permits == 0) return false;
    permits += input == Input::kRelease ? 1 : -1;
    return true;
  }

  static bool Observes(Input, Output output) { return !output; }

  bool operator==(const Semaphore&) const = default;
  size_t Hash() const { return static_cast<size_t>(permits); }

  static std::string Tell(Input input) {
    return input == Input::kRelease ? "release()" : "try_acquire()";
  }
  static std::string Tell(Input input, Output output) {
    return input == Input::kRelease ? "" : TellValue(output);
  }

  int64_t permits = kPermits;
};

// The permit belongs to the thread that has it: to unlock without it is false, and changes nothing.
struct Mutex {
  enum class Kind : uint8_t { kTryLock, kUnlock };
  struct Input {
    Kind kind = Kind::kTryLock;
    uint32_t thread = 0;  // or whatever tells the owners apart
    bool operator==(const Input&) const = default;
  };
  using Output = bool;

  static Input TryLock(uint32_t thread) { return {Kind::kTryLock, thread}; }
  static Input Unlock(uint32_t thread) { return {Kind::kUnlock, thread}; }

  Output Apply(const Input& input) {
    const uint32_t is_free = 0;
    const uint32_t mine = input.thread + 1;
    if (owner != (input.kind == Kind::kTryLock ? is_free : mine)) return false;
    owner = input.kind == Kind::kTryLock ? mine : is_free;
    return true;
  }

  static bool Observes(const Input&, Output output) { return !output; }

  bool operator==(const Mutex&) const = default;
  size_t Hash() const { return owner; }

  static std::string Tell(const Input& input) {
    return (input.kind == Kind::kTryLock ? "try_lock(" : "unlock(") + std::to_string(input.thread) +
           ")";
  }
  static std::string Tell(const Input&, Output output) { return TellValue(output); }

  uint32_t owner = 0;  // the thread, and 1 more; 0: nobody
};

}  // namespace detect::models
