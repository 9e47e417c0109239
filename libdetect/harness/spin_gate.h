// SpinGate lets the threads of a group through when all have come, again and again, within
// fractions of a microsecond. For threads that have nothing else to do and a group that is never
// complete for long: they spin, and yield where there are more of them than processors.
//
// Threads: those of the group; GiveUp any. Memory: one cache line.
#pragma once

#include <atomic>
#include <cstdint>

namespace detect {

class SpinGate {
 public:
  explicit SpinGate(uint32_t threads) : threads_(threads) {}

  // Comes to the gate for the `pass`th time, from 1. Blocks: until all have. Returns false where
  // they never will.
  bool Pass(uint32_t pass);

  // Turns away all who come, and those who wait.
  void GiveUp() { is_given_up_.store(true, std::memory_order_relaxed); }

 private:
  const uint32_t threads_;
  std::atomic<uint64_t> arrived_{0};
  // Relaxed: nothing follows from it but to leave.
  std::atomic<bool> is_given_up_{false};
};

}  // namespace detect
