// DescribeHang says what is known of threads that do not come back: who waits for whom, on what,
// where, and whether that can ever end.
//
//   detect: DEADLOCK (proven): "contended worker 0" and "contended worker 1" wait for each other …
//     contended worker 0  holds first   t.cc:41  waits for second  t.cc:42
//     …
//   contended worker 7 (tid 4242) waits for not_empty (condition), which nobody holds
//       Queue::Take()  queue.h:31
//   contended worker 9 (tid 4244) runs
//       Spin()  t.cc:12
//
// What is recorded tells of waits; the threads in no deadlock are asked where they are.
//
// Context: tool. Threads: any, one at a time. Blocks: for up to 200 ms for each thread that does
// not answer. Cost: debug information is read, the first time for a second or so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libdetect/report/report.h"

namespace detect {

struct HangReport {
  bool is_deadlock = false;  // proven, and one of the threads is in it or behind it
  std::string text;          // lines that end in '\n'
  // All that is wrong with the process's threads now.
  Report report;
};

// `tids` are the kernel's ids, of threads of this process.
HangReport DescribeHang(const std::vector<int32_t>& tids);

}  // namespace detect
