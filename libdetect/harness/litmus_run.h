// The part of a litmus run that does not depend on what is tested: threads, placements, strides.
//
//   fresh states ─barrier─► each actor over a batch of states ─barrier─► count, make fresh ─┐
//        ▲                                                                                  │
//        └───────────────────────── until the budget is used up ────────────────────────────┘
//
// A barrier for each sample would take longer than the sample; one for a batch lets the actors set
// out together, and waiting for each other's cache lines keeps them side by side. How far apart
// they are depends on the length of a batch, the order of its states, and which processor runs
// which actor; so a run goes through several of each, pinned and not.
//
// Context: tool. Threads: RunSubject makes one for each actor.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libdetect/harness/litmus_result.h"

namespace detect::litmus {

struct Options {
  std::chrono::nanoseconds budget = std::chrono::seconds(1);
  // How long after the budget the actors may still be running; then they are told to end, and are
  // given up as long again after that.
  std::chrono::nanoseconds patience = std::chrono::seconds(10);
};

inline constexpr size_t kMaxStates = 1024;
inline constexpr size_t kMaxOutcomes = 1000;
inline constexpr size_t kCacheLineBytes = 64;

// Which states an actor goes over, and in what order.
struct Stride {
  size_t states;  // a power of two, at most kMaxStates
  size_t step;    // odd, so that each state is met once

  size_t At(size_t i) const { return i * step & (states - 1); }
};

// A test but for its code.
struct Plan {
  std::string name;
  size_t actors = 0;
  std::vector<Row> graded = {};
};

struct Counts {
  std::map<std::vector<int>, uint64_t> seen;
  uint64_t others = 0;  // of outcomes beyond kMaxOutcomes
};

// An array of states and the code that runs on them. All may throw.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual void RunActor(size_t actor, const Stride& stride) = 0;
  // Counts how states [begin, end) came out, and makes them fresh. At most one call a worker.
  virtual void Collect(size_t worker, size_t begin, size_t end) = 0;
  virtual Counts Counted() const = 0;
};

// Returns a result that says why the test cannot be run; without an error where it can.
Result Refuse(const Plan& plan, const Options& options);

// Requires: not refused.
// Throws std::system_error where there cannot be as many threads.
Result RunSubject(const Plan& plan, std::shared_ptr<Subject> subject, const Options& options);

}  // namespace detect::litmus
