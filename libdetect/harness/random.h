// Random is a generator for one thread of one round: a number to seed, a multiplication to draw.
//
// SplitMix64, of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA
// 2014). It is a std::uniform_random_bit_generator, so the standard's distributions take it.
//
// Context: tool. Threads: each its own.
#pragma once

#include <cstdint>

namespace detect {

class Random {
 public:
  using result_type = uint64_t;

  explicit Random(uint64_t seed) : state_(seed) {}
  // Of a stream of its own: other streams of the same seed have nothing to do with it.
  Random(uint64_t seed, uint64_t stream) : state_(Random(seed)() ^ Random(~stream)()) {}

  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return UINT64_MAX; }

  uint64_t operator()() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }

  // Returns one of 0 … bound-1. Requires: bound > 0.
  uint64_t Below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>((*this)()) * bound) >> 64);
  }

 private:
  uint64_t state_;
};

}  // namespace detect
