// A stack without a lock: a thread that pops finds the same node on top again, but on another one.
// After R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986; healthy with a tag
// that counts the changes.
#pragma once

#include <array>
#include <atomic>

#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class Aba final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 2;

  Aba() {
    for (uint32_t node = kNodes; node > 0; --node) Push(node);
  }

  void Run(uint32_t) override {
    for (int i = 0; i < 3; ++i) {
      const uint32_t first = Pop();
      const uint32_t second = Pop();
      if (first != kNone) Push(first);
      if (second != kNone) Push(second);
    }
  }
  // Each node is there once.
  bool IsIntact() override {
    uint32_t count = 0;
    for (uint32_t node = NodeOf(top_); node != kNone && count <= kNodes; node = next_[node])
      ++count;
    return count == kNodes;
  }

 private:
  static constexpr uint32_t kNone = 0;
  static constexpr uint32_t kNodes = 4;

  static uint32_t NodeOf(uint64_t top) { return static_cast<uint32_t>(top); }
  static uint64_t TopWith(uint32_t node, uint64_t before) {
    const uint64_t tag = form == Form::kBug ? 0 : (before >> 32) + 1;
    return tag << 32 | node;
  }

  uint32_t Pop() {
    uint64_t top = top_.load();
    for (;;) {
      const uint32_t node = NodeOf(top);
      if (node == kNone) return kNone;
      const uint32_t next = next_[node].load();
      SchedulePoint(&top_);
      if (top_.compare_exchange_strong(top, TopWith(next, top))) return node;
    }
  }
  void Push(uint32_t node) {
    uint64_t top = top_.load();
    do {
      next_[node].store(NodeOf(top));
      SchedulePoint(&top_);
    } while (!top_.compare_exchange_strong(top, TopWith(node, top)));
  }

  std::atomic<uint64_t> top_{kNone};
  std::array<std::atomic<uint32_t>, kNodes + 1> next_{};
};

}  // namespace detect::catalogue
