#include "libdetect/harness/spin_gate.h"

#include <immintrin.h>

namespace detect {
namespace {

constexpr int kSpins = 500;

}  // namespace

bool SpinGate::Pass() {
  const uint32_t pass = passes_.load();
  if (arrived_.fetch_add(1) + 1 == threads_) {
    // Nobody comes for the next pass before this one has begun.
    arrived_.store(0);
    passes_.fetch_add(1);
    if (sleepers_.load() > 0) sync::FutexWake(passes_, sync::kAllSleepers);
    return !is_given_up_.load();
  }
  for (int spins = 0; spins < kSpins && passes_.load() == pass; ++spins) _mm_pause();
  ++sleepers_;
  while (passes_.load() == pass && !is_given_up_.load()) sync::FutexWait(passes_, pass);
  --sleepers_;
  return !is_given_up_.load();
}

void SpinGate::GiveUp() {
  is_given_up_.store(true);
  // Changes what the sleepers sleep on, so that none falls asleep after it was woken.
  passes_.fetch_add(1);
  sync::FutexWake(passes_, sync::kAllSleepers);
}

}  // namespace detect
