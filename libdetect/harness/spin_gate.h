// SpinGate lets the threads of a group through when all have come, again and again, within
// fractions of a microsecond where each has a processor. One that waits for longer than that takes,
// because another has none, sleeps: who is woken soon gets a processor, and who yields does not.
//
// Threads: those of the group; GiveUp any. Memory: 16 bytes.
#pragma once

#include <atomic>
#include <cstdint>

#include "libdetect/sync/futex.h"

namespace detect {

class SpinGate {
 public:
  explicit SpinGate(uint32_t threads) : threads_(threads) {}

  // Blocks: until all have come once more. Returns false where they never will.
  bool Pass();

  // Turns away all who come, and those who wait.
  void GiveUp();

 private:
  const uint32_t threads_;
  std::atomic<uint32_t> arrived_{0};  // of this pass
  sync::FutexWord passes_{0};         // who comes to the gate waits for it to change
  std::atomic<uint32_t> sleepers_{0};
  std::atomic<bool> is_given_up_{false};
};

}  // namespace detect
