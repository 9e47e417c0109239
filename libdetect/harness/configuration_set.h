// ConfigurationSet remembers which configurations a search has seen: fixed numbers of words each.
//
// An open-addressed table with the words in it and nothing else, at most three quarters full.
//
// Context: tool. Threads: one at a time.
// Memory: 11 to 21 bytes for each word of a configuration; half as much again while it grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace detect {

class ConfigurationSet {
 public:
  // Of `words` words each, at least one. Requires: the first is never UINT64_MAX.
  explicit ConfigurationSet(size_t words);

  // Returns false where it was there already. Cost: O(words).
  bool Insert(std::span<const uint64_t> configuration);

  size_t size() const { return size_; }
  // What it takes up while the next Insert() runs.
  size_t BytesToInsert() const;

 private:
  bool MustGrow() const { return (size_ + 1) * 4 > places_ * 3; }
  // Returns the place that holds the configuration, or else the free one where it belongs.
  uint64_t* Find(std::span<const uint64_t> configuration);
  void Grow();

  const size_t words_;
  size_t places_;  // a power of two
  size_t size_ = 0;
  std::vector<uint64_t> table_;  // the first word of a free place is kFree
};

}  // namespace detect
