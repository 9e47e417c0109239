// models::Register is one variable: read, write, compare and swap. A read of one never written
// gives T().
//
// Context: tool. Threads: one at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "libdetect/harness/models/text.h"

namespace detect::models {

template <typename T = int>
struct Register {
  enum class Kind { kRead, kWrite, kCompareAndSwap };
  struct Input {
    Kind kind = Kind::kRead;
    T value = T();     // to write
    T expected = T();  // for it to be written
    bool operator==(const Input&) const = default;
  };
  // Of a read, what was read; of a compare and swap, whether it did.
  struct Output {
    std::optional<T> value;
    bool done = true;
    bool operator==(const Output&) const = default;
  };

  static Input Read() { return {}; }
  static Input Write(T value) { return {Kind::kWrite, std::move(value), T()}; }
  static Input CompareAndSwap(T expected, T desired) {
    return {Kind::kCompareAndSwap, std::move(desired), std::move(expected)};
  }
  static Output WasRead(T value) { return {std::move(value), true}; }
  static Output Done(bool done = true) { return {std::nullopt, done}; }

  Output Apply(const Input& input) {
    switch (input.kind) {
      case Kind::kRead:
        return WasRead(value);
      case Kind::kCompareAndSwap:
        if (!(value == input.expected)) return Done(false);
        [[fallthrough]];
      case Kind::kWrite:
        value = input.value;
    }
    return Done();
  }

  static bool Observes(const Input& input, const Output& output) {
    return input.kind == Kind::kRead || !output.done;
  }

  bool operator==(const Register&) const = default;
  size_t Hash() const { return std::hash<T>()(value); }

  static std::string Tell(const Input& input) {
    switch (input.kind) {
      case Kind::kRead:
        return "read()";
      case Kind::kWrite:
        return "write(" + TellValue(input.value) + ")";
      case Kind::kCompareAndSwap:
        break;
    }
    return "cas(" + TellValue(input.expected) + ", " + TellValue(input.value) + ")";
  }
  static std::string Tell(const Input& input, const Output& output) {
    if (input.kind == Kind::kWrite) return "";
    return output.value ? TellValue(*output.value) : TellValue(output.done);
  }

  T value = T();
};

}  // namespace detect::models
