// CallTimeline is the shape of a history, without what was called: who overlaps whom.
//
//   calls       a |-----|            returns       a   b
//               b   |-------|        invocations   a, b, c before return 0; nothing before return 1
//               c     |---- ...      slots         a: 0   b: 1   c: 2
//
// Time is counted in returns, for only a return ends what a call can still do: all calls invoked
// between the same two returns are alike. Each call occupies a slot while it is pending. Slots are
// used again, so that the pending calls at any time fit in a bitset as wide as the most calls that
// were ever pending at once. Calls without a return have slots of their own, after all others.
//
// Context: tool. Threads: immutable. Memory: 16 bytes for each call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "libdetect/harness/history.h"

namespace detect {

class CallTimeline {
 public:
  // Requires: each call is invoked before it returns, or at the same time; fewer than 2^31 calls.
  explicit CallTimeline(std::span<const CallTime> calls);

  uint32_t calls() const { return static_cast<uint32_t>(slots_.size()); }

  // The calls that returned, in order.
  std::span<const uint32_t> returns() const { return returns_; }
  // Those invoked before return `position` and not before an earlier one. Calls that are invoked
  // after the last return are left out: nothing depends on them.
  std::span<const uint32_t> InvokedAt(uint32_t position) const {
    return {invoked_.data() + first_invoked_[position],
            invoked_.data() + first_invoked_[position + 1]};
  }

  // The place among returns() of the call's own return. Calls that never return come after all
  // that do, in order of invocation.
  uint32_t rank(uint32_t call) const { return ranks_[call]; }
  bool HasReturned(uint32_t call) const { return ranks_[call] < returns_.size(); }

  uint32_t slot(uint32_t call) const { return slots_[call]; }
  uint32_t slots() const { return slot_count_; }

 private:
  void SortInvocations(std::span<const CallTime> calls);
  void AssignSlots();

  std::vector<uint32_t> returns_;
  std::vector<uint32_t> invoked_;  // all calls, in order of invocation
  std::vector<uint32_t>
      first_invoked_;  // by position: where in invoked_ its calls begin; and an end
  std::vector<uint32_t> ranks_;
  std::vector<uint32_t> slots_;
  uint32_t slot_count_ = 0;
};

}  // namespace detect
