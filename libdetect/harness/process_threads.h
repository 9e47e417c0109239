// Which threads this process has, as the kernel knows them.
//
// Context: tool. Threads: any. Reads /proc.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace detect {

// Returns the kernel's ids, in ascending order.
std::vector<int32_t> ProcessThreads();

// Returns those that are there now and were not among `before`. One that is about to end is given
// until `deadline`. Blocks: until there are none, or the deadline.
std::vector<int32_t> ThreadsLeft(const std::vector<int32_t>& before,
                                 std::chrono::steady_clock::time_point deadline);

struct KernelThread {
  std::string name;  // its first 15 bytes; empty where the thread has ended
  char state = '?';  // 'R' runs, 'S' sleeps, … as in proc(5)
};
KernelThread DescribeThread(int32_t tid);

}  // namespace detect
