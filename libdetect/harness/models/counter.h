// models::Counter is a number: read it, add to it, or add to it and be told what it was before.
//
// Context: tool. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace detect::models {

struct Counter {
  enum class Kind { kGet, kAdd, kFetchAdd };
  struct Input {
    Kind kind = Kind::kGet;
    uint32_t amount = 0;
    bool operator==(const Input&) const = default;
  };
  using Output = std::optional<uint64_t>;  // none of kAdd

  static Input Get() { return {}; }
  static Input Add(uint32_t amount) { return {Kind::kAdd, amount}; }
  static Input FetchAdd(uint32_t amount) { return {Kind::kFetchAdd, amount}; }
  static Output Was(uint64_t value) { return value; }
  static Output Done() { return std::nullopt; }

  Output Apply(const Input& input) {
    const uint64_t before = value;
    value += input.amount;
    return input.kind == Kind::kAdd ? Done() : Was(before);
  }

  static bool Observes(const Input& input, const Output&) { return input.amount == 0; }

  bool operator==(const Counter&) const = default;
  size_t Hash() const { return value; }

  static std::string Tell(const Input& input) {
    const std::string amount = "(" + std::to_string(input.amount) + ")";
    if (input.kind == Kind::kGet) return "get()";
    return (input.kind == Kind::kAdd ? "add" : "fetch_add") + amount;
  }
  static std::string Tell(const Input&, const Output& output) {
    return output ? std::to_string(*output) : "";
  }

  uint64_t value = 0;
};

}  // namespace detect::models
