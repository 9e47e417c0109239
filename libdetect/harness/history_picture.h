// The two pictures of a history: a column per thread for the terminal, and an SVG.
//
//   thread 0          thread 1
//   get() ...
//   :                 get() ...
//   : = 1             :
//                     : = 1             <- no order of the calls explains this
//
// A line is an event; time goes down. A call that nothing overlaps in time is one line.
//
// Context: tool. Threads: pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libdetect/harness/history.h"

namespace detect {

struct PicturedCall {
  uint32_t thread = 0;
  std::string call;    // "get()"
  std::string result;  // "1"; empty where it returns nothing
  CallTime time;
  bool is_unexplained = false;
};

struct HistoryPicture {
  std::vector<std::string> threads;  // their names, from left to right
  std::vector<PicturedCall> calls;   // in any order
};

// Returns lines, each with its end.
std::string ToColumns(const HistoryPicture& picture);

// Returns a document of its own: a row per thread, a bar per call, time from left to right. Bars
// tell the order of events, not how long they took.
std::string ToSvg(const HistoryPicture& picture);

}  // namespace detect
