// What a piece of code costs the calling thread: its CPU time and, where the kernel lets us count,
// cycles and instructions in user space. A count is steadier than a time: nobody else's load is in
// it.
//
// Context: tool. Threads: each its own.
#pragma once

namespace detect::benchmarks {

struct Cost {
  double ns = 0;
  double cycles = 0;  // these two: 0 where they cannot be counted
  double instructions = 0;
};

// Counts for the thread that made it, from then on.
class Counters {
 public:
  Counters();
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  // What the thread has cost so far; the difference of two is what lies between.
  Cost Read() const;

 private:
  int cycles_ = -1;  // file descriptors; -1: this machine does not count it
  int instructions_ = -1;
};

}  // namespace detect::benchmarks
