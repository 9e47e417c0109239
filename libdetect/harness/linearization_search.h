// SearchLinearization looks for an order of a history's calls in which one thread could have made
// them with the same results, and in which no call comes before one that ended before it began.
//
//   write(1) |-----------------|            read() = 0, write(1), read() = 1
//   read() = 0    |------|
//   read() = 1               |------|       and had the reads been 1, then 0: none
//
// It is the search of J. Wing and C. Gong ("Testing and Verifying Concurrent Objects", 1993), which
// takes a pending call that the model accepts and goes on, and goes back where none is accepted;
// with the memory of G. Lowe ("Testing for Linearizability", 2017), which never goes on twice from
// one configuration: the same calls taken, and the same state. Calls need only be taken when one
// must have been because it returns. Four rules leave out what cannot matter:
//
//   - a pending call that only observes is taken at once where its result is right;
//   - of pending calls that are alike, the one that returns first is taken first;
//   - a call of unknown outcome is not taken where it changes nothing;
//   - where the model can tell that the next observation can no longer be made, the search goes
//   back.
//
// Cost: exponential in the calls that overlap, at worst; linear in practice. To decide it is
// NP-complete (P. Gibbons and E. Korach, "Testing Shared Memories", 1997), hence the limits.
// Context: tool. Threads: one at a time. Memory: within SearchLimits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "libdetect/harness/call_timeline.h"

namespace detect {

using StateId = uint32_t;

// The calls and the model, as the search sees them: by number.
class CallSemantics {
 public:
  static constexpr StateId kInitial = 0;
  static constexpr StateId kRejected = UINT32_MAX;

  virtual ~CallSemantics() = default;

  // Returns the state after `call` in `state`, or kRejected where its result would be another one.
  virtual StateId Apply(StateId state, uint32_t call) = 0;
  // Whether it changes no state that accepts it. Calls of unknown outcome never count as such.
  virtual bool Observes(uint32_t call) const = 0;
  // Whether two calls are the same but for their times.
  virtual bool Alike(uint32_t a, uint32_t b) const = 0;
  // Whether the state after `call` is the same whatever it was before.
  virtual bool Resets(uint32_t call) const = 0;
  // Whether calls that do not reset could lead from `state` to one that accepts `observer`. Answers
  // true where that is not known.
  virtual bool CanPrecede(StateId state, uint32_t observer) const = 0;
  // What the states take up.
  virtual size_t Bytes() const = 0;
};

struct SearchLimits {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  size_t bytes = SIZE_MAX;
};

enum class SearchEnd { kFound, kExhausted, kOutOfTime, kOutOfMemory };

struct SearchResult {
  SearchEnd end = SearchEnd::kExhausted;
  // kFound: the calls in an order that explains them; those of unknown outcome only where they took
  // effect. Else: as many as explain all returns before `position`, as far as the search came.
  std::vector<uint32_t> order;
  uint32_t position = 0;
  uint64_t configurations = 0;
};

// Lets the exceptions of `semantics` through.
SearchResult SearchLinearization(const CallTimeline& timeline, CallSemantics& semantics,
                                 const SearchLimits& limits);

}  // namespace detect
