// KeyValue is a store of strings by key, as Jepsen's logs know it: get, put and append. A key that
// was never put gives the empty string.
//
// The state is the value of one key, because calls with different keys are independent.
//
// Context: tool. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace detect {

struct KeyValue {
  enum class Kind : uint8_t { kGet, kPut, kAppend };
  struct Input {
    Kind kind = Kind::kGet;
    std::string key;
    std::string value;
    bool operator==(const Input&) const = default;
  };
  using Output = std::string;  // what a get found

  Output Apply(const Input& input) {
    switch (input.kind) {
      case Kind::kGet:
        return value;
      case Kind::kPut:
        value = input.value;
        break;
      case Kind::kAppend:
        value += input.value;
    }
    return {};
  }

  static const std::string& KeyOf(const Input& input) { return input.key; }
  static bool Observes(const Input& input, const Output&) { return input.kind == Kind::kGet; }
  static bool Resets(const Input& input) { return input.kind == Kind::kPut; }
  bool CanPrecede(const Input&, const Output& output) const { return output.starts_with(value); }

  bool operator==(const KeyValue&) const = default;
  size_t Hash() const { return std::hash<std::string>()(value); }
  size_t HeapBytes() const { return value.capacity(); }

  static std::string Tell(const Input& input) {
    static constexpr const char* kNames[] = {"get", "put", "append"};
    std::string told = std::string(kNames[static_cast<int>(input.kind)]) + "(\"" + input.key + "\"";
    if (input.kind != Kind::kGet) told += ", \"" + input.value + "\"";
    return told + ")";
  }
  static std::string Tell(const Input& input, const Output& output) {
    return input.kind == Kind::kGet ? "\"" + output + "\"" : "";
  }

  std::string value;
};

}  // namespace detect
