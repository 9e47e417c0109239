// History is what several threads did to one object: each call, when it began and when it ended.
//
//   thread 0   |--- write(1) ---|
//   thread 1           |-- read() = 1 --|        |---- write(2) ...      no outcome: it may have
//             ───────────────────────────────────────────────► time      taken effect, or never
//             will
//
// One call comes before another only if it ended before the other began. Where both are at the same
// time, they overlap.
//
// Context: tool. Threads: plain data. Memory: grows with calls.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "libdetect/harness/sequential_model.h"

namespace detect {

// A call's beginning and end, in any unit that only grows: nanoseconds, or the number of the event.
struct CallTime {
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  uint64_t invoked = 0;
  uint64_t returned = kNever;
};

template <SequentialModel Model>
struct RecordedCall {
  uint32_t thread = 0;
  typename Model::Input input;
  std::optional<typename Model::Output> output;  // none: the outcome is unknown
  CallTime time;                                 // returned is kNever where there is no output
};

// In any order.
template <SequentialModel Model>
using History = std::vector<RecordedCall<Model>>;

}  // namespace detect
