// What the clocks of one round say: how closely its threads started, and how much they overlapped.
//
//   core 0   ├── 0 ──┤├── 2 ──┤         spread: │ to │, the first start on each core
//   core 1    ├───── 1 ─────┤           overlap: the part of the time that two or more were inside
//
// Threads overlap also on one core: one is interrupted inside, and another one comes.
//
// Context: tool. Threads: pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace detect {

// When one thread was inside the work of a round.
struct ThreadTimes {
  std::chrono::nanoseconds began{0};  // of the steady clock
  std::chrono::nanoseconds ended{0};
  int core = 0;  // where it began
};

struct StartSpread {
  // Between the first starts on the core that was first and on the one that was last. Threads that
  // share a core cannot start together: their starts say nothing of the gate.
  std::chrono::nanoseconds between_cores{0};
  int cores = 0;  // that any thread began on; with one only there is no spread
};
StartSpread SpreadOf(const std::vector<ThreadTimes>& threads);

struct Overlap {
  std::chrono::nanoseconds inside{0};    // while any thread was
  std::chrono::nanoseconds together{0};  // while two or more were

  double Share() const {
    return inside.count() == 0 ? 0 : static_cast<double>(together.count()) / inside.count();
  }
};
Overlap OverlapOf(const std::vector<ThreadTimes>& threads);

}  // namespace detect
