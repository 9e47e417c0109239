#include "libdetect/harness/spin_gate.h"

#include <immintrin.h>
#include <sched.h>

namespace detect {
namespace {

constexpr int kSpinsBeforeYield = 200;

}  // namespace

bool SpinGate::Pass(uint32_t pass) {
  const uint64_t expected = uint64_t{pass} * threads_;
  // Acquire and release: what was done before the gate is seen behind it.
  arrived_.fetch_add(1, std::memory_order_acq_rel);
  for (int spins = 0; arrived_.load(std::memory_order_acquire) < expected; ++spins) {
    if (is_given_up_.load(std::memory_order_relaxed)) return false;
    if (spins < kSpinsBeforeYield) {
      _mm_pause();
    } else {
      sched_yield();
    }
  }
  return !is_given_up_.load(std::memory_order_relaxed);
}

}  // namespace detect
