// The orders in which a detect::queue hands out what it was given.
//
//   fifo       first in, first out
//   lifo       last in, first out
//   priority   the smallest first, by Compare; among equals, any
//
// A policy is a container with push(item), next(), pop() and size(); queue guards all of them by
// its mutex. next() and pop() require that it is not empty.
//
// Threads: one at a time; the caller serialises.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

namespace detect {

template <typename T>
class fifo {
 public:
  template <typename U>
  void push(U&& item) {
    items_.emplace_back(std::forward<U>(item));
  }
  const T& next() const { return items_.front(); }
  T pop() {
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  size_t size() const { return items_.size(); }

 private:
  std::deque<T> items_;
};

template <typename T>
class lifo {
 public:
  template <typename U>
  void push(U&& item) {
    items_.emplace_back(std::forward<U>(item));
  }
  const T& next() const { return items_.back(); }
  T pop() {
    T item = std::move(items_.back());
    items_.pop_back();
    return item;
  }
  size_t size() const { return items_.size(); }

 private:
  std::vector<T> items_;
};

template <typename T, typename Compare = std::less<T>>
class priority {
 public:
  priority() = default;
  explicit priority(Compare before) : after_{std::move(before)} {}

  template <typename U>
  void push(U&& item) {
    heap_.emplace_back(std::forward<U>(item));
    std::push_heap(heap_.begin(), heap_.end(), after_);
  }
  const T& next() const { return heap_.front(); }
  T pop() {
    std::pop_heap(heap_.begin(), heap_.end(), after_);
    T item = std::move(heap_.back());
    heap_.pop_back();
    return item;
  }
  size_t size() const { return heap_.size(); }

 private:
  // The standard's heaps have the largest on top.
  struct After {
    Compare before;
    bool operator()(const T& a, const T& b) const { return before(b, a); }
  };

  After after_;
  std::vector<T> heap_;
};

}  // namespace detect
