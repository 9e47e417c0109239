// models::FifoQueue, LifoQueue and PriorityQueue hand out what was put into them: the oldest first,
// the youngest first, or the smallest first. A get() of an empty one gives none.
//
// Context: tool. Threads: one at a time.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libdetect/harness/models/text.h"

namespace detect::models {

enum class QueueOrder { kFifo, kLifo, kPriority };

template <typename T, QueueOrder kOrder>
struct Queue {
  enum class Kind { kPut, kGet, kSize };
  struct Input {
    Kind kind = Kind::kGet;
    T value = T();  // to put
    bool operator==(const Input&) const = default;
  };
  struct Output {
    std::optional<T> value;  // of kGet
    size_t size = 0;         // of kSize
    bool operator==(const Output&) const = default;
  };

  static Input Put(T value) { return {Kind::kPut, std::move(value)}; }
  static Input Get() { return {Kind::kGet, T()}; }
  static Input Size() { return {Kind::kSize, T()}; }
  static Output Done() { return {}; }
  static Output Got(std::optional<T> value) { return {std::move(value), 0}; }
  static Output HasSize(size_t size) { return {std::nullopt, size}; }

  Output Apply(const Input& input) {
    switch (input.kind) {
      case Kind::kPut:
        items.insert(PlaceOf(input.value), input.value);
        return Done();
      case Kind::kSize:
        return HasSize(items.size());
      case Kind::kGet:
        break;
    }
    if (items.empty()) return Got(std::nullopt);
    T item = std::move(items.back());
    items.pop_back();
    return Got(std::move(item));
  }

  static bool Observes(const Input& input, const Output& output) {
    return input.kind == Kind::kSize || (input.kind == Kind::kGet && !output.value);
  }

  bool operator==(const Queue&) const = default;
  size_t Hash() const {
    size_t hash = items.size();
    for (const T& item : items) hash = hash * 1'000'003 + std::hash<T>()(item);
    return hash;
  }
  size_t HeapBytes() const { return items.capacity() * sizeof(T); }

  static std::string Tell(const Input& input) {
    switch (input.kind) {
      case Kind::kPut:
        return "put(" + TellValue(input.value) + ")";
      case Kind::kSize:
        return "size()";
      case Kind::kGet:
        break;
    }
    return "get()";
  }
  static std::string Tell(const Input& input, const Output& output) {
    switch (input.kind) {
      case Kind::kPut:
        return "";
      case Kind::kSize:
        return std::to_string(output.size);
      case Kind::kGet:
        break;
    }
    return TellValue(output.value);
  }

  std::vector<T> items;  // the next to get is the last

 private:
  auto PlaceOf(const T& value) {
    if constexpr (kOrder == QueueOrder::kFifo) return items.begin();
    if constexpr (kOrder == QueueOrder::kLifo) return items.end();
    return std::upper_bound(items.begin(), items.end(), value, std::greater<T>());
  }
};

template <typename T = int>
using FifoQueue = Queue<T, QueueOrder::kFifo>;
template <typename T = int>
using LifoQueue = Queue<T, QueueOrder::kLifo>;
template <typename T = int>
using PriorityQueue = Queue<T, QueueOrder::kPriority>;

}  // namespace detect::models
