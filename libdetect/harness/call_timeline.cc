#include "libdetect/harness/call_timeline.h"

#include <algorithm>
#include <tuple>

namespace detect {

CallTimeline::CallTimeline(std::span<const CallTime> calls)
    : ranks_(calls.size()), slots_(calls.size()) {
  for (uint32_t call = 0; call < calls.size(); ++call) {
    if (calls[call].returned != CallTime::kNever) returns_.push_back(call);
  }
  std::sort(returns_.begin(), returns_.end(), [&](uint32_t a, uint32_t b) {
    return std::tie(calls[a].returned, a) < std::tie(calls[b].returned, b);
  });
  SortInvocations(calls);

  for (uint32_t rank = 0; rank < returns_.size(); ++rank) ranks_[returns_[rank]] = rank;
  auto rank = static_cast<uint32_t>(returns_.size());
  for (uint32_t call : invoked_) {
    if (calls[call].returned == CallTime::kNever) ranks_[call] = rank++;
  }
  AssignSlots();
}

void CallTimeline::SortInvocations(std::span<const CallTime> calls) {
  invoked_.resize(calls.size());
  for (uint32_t call = 0; call < calls.size(); ++call) invoked_[call] = call;
  std::sort(invoked_.begin(), invoked_.end(), [&](uint32_t a, uint32_t b) {
    return std::tie(calls[a].invoked, a) < std::tie(calls[b].invoked, b);
  });

  first_invoked_.push_back(0);
  uint32_t next = 0;
  for (uint32_t returning : returns_) {
    while (next < invoked_.size() && calls[invoked_[next]].invoked <= calls[returning].returned) {
      ++next;
    }
    first_invoked_.push_back(next);
  }
}

void CallTimeline::AssignSlots() {
  std::vector<uint32_t> free;
  for (uint32_t position = 0; position < returns_.size(); ++position) {
    for (uint32_t call : InvokedAt(position)) {
      if (!HasReturned(call)) continue;
      if (free.empty()) free.push_back(slot_count_++);
      slots_[call] = free.back();
      free.pop_back();
    }
    free.push_back(slots_[returns_[position]]);
  }
  for (uint32_t i = 0; i < first_invoked_.back(); ++i) {
    if (!HasReturned(invoked_[i])) slots_[invoked_[i]] = slot_count_++;
  }
}

}  // namespace detect
