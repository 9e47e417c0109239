// models::Map and models::Set: insert where there is none, assign, erase, find. Keys are
// independent of each other, so a state is what one key has.
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

template <typename Key = int, typename Value = int>
struct Map {
  enum class Kind { kFind, kInsert, kAssign, kErase };
  struct Input {
    Kind kind = Kind::kFind;
    Key key = Key();
    Value value = Value();  // to insert or assign
    bool operator==(const Input&) const = default;
  };
  struct Output {
    std::optional<Value> value;  // of kFind
    bool done = true;            // of kInsert and kErase: whether it did
    bool operator==(const Output&) const = default;
  };

  static Input Find(Key key) { return {Kind::kFind, std::move(key), Value()}; }
  static Input Insert(Key key, Value value) {
    return {Kind::kInsert, std::move(key), std::move(value)};
  }
  static Input Assign(Key key, Value value) {
    return {Kind::kAssign, std::move(key), std::move(value)};
  }
  static Input Erase(Key key) { return {Kind::kErase, std::move(key), Value()}; }
  static Output Found(std::optional<Value> value) { return {std::move(value), true}; }
  static Output Done(bool done = true) { return {std::nullopt, done}; }

  Output Apply(const Input& input) {
    switch (input.kind) {
      case Kind::kFind:
        return Found(value);
      case Kind::kInsert:
        if (value) return Done(false);
        [[fallthrough]];
      case Kind::kAssign:
        value = input.value;
        return Done();
      case Kind::kErase:
        break;
    }
    return Done(std::exchange(value, std::nullopt).has_value());
  }

  static const Key& KeyOf(const Input& input) { return input.key; }
  static bool Observes(const Input& input, const Output& output) {
    return input.kind == Kind::kFind || !output.done;
  }

  bool operator==(const Map&) const = default;
  size_t Hash() const { return std::hash<std::optional<Value>>()(value); }

  static std::string Tell(const Input& input) {
    static constexpr const char* kNames[] = {"find", "insert", "assign", "erase"};
    const bool has_value = input.kind == Kind::kInsert || input.kind == Kind::kAssign;
    return std::string(kNames[static_cast<int>(input.kind)]) + "(" + TellValue(input.key) +
           (has_value ? ", " + TellValue(input.value) : "") + ")";
  }
  static std::string Tell(const Input& input, const Output& output) {
    if (input.kind == Kind::kAssign) return "";
    return input.kind == Kind::kFind ? TellValue(output.value) : TellValue(output.done);
  }

  std::optional<Value> value;  // of the one key
};

template <typename Key = int>
struct Set {
  enum class Kind { kContains, kInsert, kErase };
  struct Input {
    Kind kind = Kind::kContains;
    Key key = Key();
    bool operator==(const Input&) const = default;
  };
  using Output = bool;  // whether it was there; for kInsert, whether it was not

  static Input Contains(Key key) { return {Kind::kContains, std::move(key)}; }
  static Input Insert(Key key) { return {Kind::kInsert, std::move(key)}; }
  static Input Erase(Key key) { return {Kind::kErase, std::move(key)}; }

  Output Apply(const Input& input) {
    if (input.kind == Kind::kContains) return is_there;
    const bool will_be = input.kind == Kind::kInsert;
    return std::exchange(is_there, will_be) != will_be;
  }

  static const Key& KeyOf(const Input& input) { return input.key; }
  static bool Observes(const Input& input, const Output& output) {
    return input.kind == Kind::kContains || !output;
  }

  bool operator==(const Set&) const = default;
  size_t Hash() const { return is_there ? 1 : 0; }

  static std::string Tell(const Input& input) {
    static constexpr const char* kNames[] = {"contains", "insert", "erase"};
    return std::string(kNames[static_cast<int>(input.kind)]) + "(" + TellValue(input.key) + ")";
  }
  static std::string Tell(const Input&, const Output& output) { return TellValue(output); }

  bool is_there = false;  // the one key
};

}  // namespace detect::models
