#include "libdetect/harness/linearization_search.h"

#include <bit>
#include <limits>
#include <optional>
#include <utility>

#include "libdetect/harness/configuration_set.h"

namespace detect {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
constexpr uint32_t kCallsBetweenClockLooks = 1024;

// By call: the one like it that comes last among those of lower rank and overlaps it, or kNone.
std::vector<uint32_t> FindTwins(const CallTimeline& timeline, const CallSemantics& semantics) {
  std::vector<uint32_t> twins(timeline.calls(), kNone);
  std::vector<uint32_t> without_return;
  const auto returns = timeline.returns();
  for (uint32_t position = 0; position < returns.size(); ++position) {
    for (uint32_t call : timeline.InvokedAt(position)) {
      if (timeline.HasReturned(call)) {
        for (uint32_t rank = timeline.rank(call); rank-- > position && twins[call] == kNone;) {
          if (semantics.Alike(returns[rank], call)) twins[call] = returns[rank];
        }
        continue;
      }
      for (size_t i = without_return.size(); i-- > 0 && twins[call] == kNone;) {
        if (semantics.Alike(without_return[i], call)) twins[call] = without_return[i];
      }
      without_return.push_back(call);
    }
  }
  return twins;
}

// By position: the next return of a call that observes, or kNone; and one more.
std::vector<uint32_t> FindObservers(const CallTimeline& timeline, const CallSemantics& semantics) {
  std::vector<uint32_t> next(timeline.returns().size() + 1, kNone);
  for (uint32_t rank = static_cast<uint32_t>(timeline.returns().size()); rank-- > 0;) {
    next[rank] = semantics.Observes(timeline.returns()[rank]) ? rank : next[rank + 1];
  }
  return next;
}

struct Reset {
  uint32_t call = 0;
  uint32_t invoked_at = 0;  // position
  StateId state_after = 0;
};

// Those that the model accepts at all, in order of invocation.
std::vector<Reset> FindResets(const CallTimeline& timeline, CallSemantics& semantics) {
  std::vector<Reset> resets;
  for (uint32_t position = 0; position < timeline.returns().size(); ++position) {
    for (uint32_t call : timeline.InvokedAt(position)) {
      if (!semantics.Resets(call)) continue;
      const StateId after = semantics.Apply(CallSemantics::kInitial, call);
      if (after != CallSemantics::kRejected) resets.push_back({call, position, after});
    }
  }
  return resets;
}

class Bitset {
 public:
  explicit Bitset(size_t bits) : words_((bits + 63) / 64) {}

  bool Test(uint32_t bit) const { return words_[bit / 64] >> (bit % 64) & 1; }
  void Set(uint32_t bit) { words_[bit / 64] |= uint64_t{1} << (bit % 64); }
  void Reset(uint32_t bit) { words_[bit / 64] &= ~(uint64_t{1} << (bit % 64)); }
  const std::vector<uint64_t>& words() const { return words_; }

 private:
  std::vector<uint64_t> words_;
};

class Search {
 public:
  Search(const CallTimeline& timeline, CallSemantics& semantics, const SearchLimits& limits)
      : timeline_(timeline),
        semantics_(semantics),
        limits_(limits),
        twins_(FindTwins(timeline, semantics)),
        observers_(FindObservers(timeline, semantics)),
        resets_(FindResets(timeline, semantics)),
        pending_(timeline.slots()),
        taken_(timeline.slots()),
        slot_calls_(timeline.slots(), kNone),
        seen_(1 + taken_.words().size()) {}

  SearchResult Run() {
    const SearchEnd end = Explore();
    NoteFurthest();
    SearchResult result = std::move(*furthest_);
    result.end = end;
    result.configurations = seen_.size();
    return result;
  }

 private:
  // A configuration on the way here, and how far its choices have been tried.
  struct Choice {
    StateId state = 0;
    uint32_t position = 0;
    uint32_t order_size = 0;
    uint32_t next = 0;  // 0: the call that must return; i + 1: the one in slot i
  };

  SearchEnd Explore() {
    if (timeline_.returns().empty()) return SearchEnd::kFound;
    EnterPosition();
    Settle();
    if (IsComplete()) return SearchEnd::kFound;
    Remember();
    while (!choices_.empty()) {
      if (!TakeNext(choices_.back())) {
        choices_.pop_back();
        if (!choices_.empty()) ReturnTo(choices_.back());
        continue;
      }
      Settle();
      if (IsComplete()) return SearchEnd::kFound;
      if (LeadsNowhere() || !Remember()) ReturnTo(choices_.back());
      if (std::optional<SearchEnd> limit = LimitReached()) return *limit;
    }
    return SearchEnd::kExhausted;
  }

  bool IsComplete() const { return position_ == timeline_.returns().size(); }

  // Returns false where this configuration was seen before; else the search goes on from here.
  bool Remember() {
    configuration_.assign(1, uint64_t{position_} << 32 | state_);
    configuration_.insert(configuration_.end(), taken_.words().begin(), taken_.words().end());
    if (!seen_.Insert(configuration_)) return false;
    choices_.push_back({state_, position_, static_cast<uint32_t>(order_.size()), 0});
    return true;
  }

  std::optional<SearchEnd> LimitReached() {
    if (seen_.BytesToInsert() + semantics_.Bytes() > limits_.bytes) return SearchEnd::kOutOfMemory;
    if (++calls_since_clock_look_ < kCallsBetweenClockLooks) return std::nullopt;
    calls_since_clock_look_ = 0;
    if (std::chrono::steady_clock::now() < limits_.deadline) return std::nullopt;
    return SearchEnd::kOutOfTime;
  }

  // Takes the next call that the model accepts at `choice`, which is where the search is. Returns
  // false where there is none left.
  bool TakeNext(Choice& choice) {
    if (choice.next == 0) {
      choice.next = 1;
      if (TryToTake(timeline_.returns()[position_])) return true;
    }
    for (uint32_t word = (choice.next - 1) / 64; word < taken_.words().size(); ++word) {
      uint64_t open = pending_.words()[word] & ~taken_.words()[word];
      if (word == (choice.next - 1) / 64) open &= ~uint64_t{0} << ((choice.next - 1) % 64);
      for (; open != 0; open &= open - 1) {
        const uint32_t slot = word * 64 + std::countr_zero(open);
        choice.next = slot + 2;
        const uint32_t call = slot_calls_[slot];
        if (call != timeline_.returns()[position_] && TryToTake(call)) return true;
      }
      choice.next = (word + 1) * 64 + 1;
    }
    return false;
  }

  bool TryToTake(uint32_t call) {
    if (semantics_.Observes(call) || HasOpenTwin(call)) return false;
    const StateId next = semantics_.Apply(state_, call);
    if (next == CallSemantics::kRejected) return false;
    if (next == state_ && !timeline_.HasReturned(call)) return false;
    state_ = next;
    Take(call);
    return true;
  }

  void Take(uint32_t call) {
    taken_.Set(timeline_.slot(call));
    order_.push_back(call);
  }

  // Whether another call would do as well, and returns earlier.
  bool HasOpenTwin(uint32_t call) const {
    for (uint32_t twin = twins_[call]; twin != kNone && timeline_.rank(twin) >= position_;
         twin = twins_[twin]) {
      if (IsOpen(twin)) return true;
    }
    return false;
  }

  bool IsOpen(uint32_t call) const {
    const uint32_t slot = timeline_.slot(call);
    return slot_calls_[slot] == call && pending_.Test(slot) && !taken_.Test(slot);
  }

  // Goes past the returns of calls that have been taken, and takes the calls that observe.
  void Settle() {
    do {
      while (!IsComplete() && taken_.Test(timeline_.slot(timeline_.returns()[position_]))) {
        LeavePosition();
      }
    } while (TakeObservers());
  }

  bool TakeObservers() {
    const size_t before = order_.size();
    for (uint32_t word = 0; word < taken_.words().size(); ++word) {
      for (uint64_t open = pending_.words()[word] & ~taken_.words()[word]; open != 0;
           open &= open - 1) {
        const uint32_t call = slot_calls_[word * 64 + std::countr_zero(open)];
        if (semantics_.Observes(call) && semantics_.Apply(state_, call) == state_) Take(call);
      }
    }
    return order_.size() > before;
  }

  // Whether an observation that must be made cannot be made any more: of the pending ones, and the
  // next to return.
  bool LeadsNowhere() const {
    uint32_t next = observers_[position_];
    while (next != kNone && IsTaken(timeline_.returns()[next])) next = observers_[next + 1];
    if (next == kNone) return false;
    if (!CanBeMade(timeline_.returns()[next])) return true;
    for (uint32_t word = 0; word < taken_.words().size(); ++word) {
      for (uint64_t open = pending_.words()[word] & ~taken_.words()[word]; open != 0;
           open &= open - 1) {
        const uint32_t call = slot_calls_[word * 64 + std::countr_zero(open)];
        if (semantics_.Observes(call) && !CanBeMade(call)) return true;
      }
    }
    return false;
  }

  // Whether the model could accept `observer` later on, or after a reset still to come.
  bool CanBeMade(uint32_t observer) const {
    if (semantics_.CanPrecede(state_, observer)) return true;
    for (const Reset& reset : resets_) {
      if (reset.invoked_at > timeline_.rank(observer)) break;
      if (!IsTaken(reset.call) && semantics_.CanPrecede(reset.state_after, observer)) return true;
    }
    return false;
  }

  bool IsTaken(uint32_t call) const {
    const uint32_t slot = timeline_.slot(call);
    return timeline_.rank(call) < position_ || (slot_calls_[slot] == call && taken_.Test(slot));
  }

  void EnterPosition() {
    for (uint32_t call : timeline_.InvokedAt(position_)) {
      const uint32_t slot = timeline_.slot(call);
      slot_calls_[slot] = call;
      pending_.Set(slot);
    }
  }

  void LeavePosition() {
    const uint32_t slot = timeline_.slot(timeline_.returns()[position_]);
    pending_.Reset(slot);
    taken_.Reset(slot);
    ++position_;
    if (!IsComplete()) EnterPosition();
  }

  // The inverse. A slot may be that of a call which ended and of one that came later.
  void StepBack() {
    for (uint32_t call : timeline_.InvokedAt(position_)) {
      pending_.Reset(timeline_.slot(call));
      taken_.Reset(timeline_.slot(call));
    }
    --position_;
    const uint32_t call = timeline_.returns()[position_];
    const uint32_t slot = timeline_.slot(call);
    slot_calls_[slot] = call;
    pending_.Set(slot);
    taken_.Set(slot);
  }

  void ReturnTo(const Choice& choice) {
    NoteFurthest();
    while (position_ > choice.position) StepBack();
    for (; order_.size() > choice.order_size; order_.pop_back()) {
      const uint32_t slot = timeline_.slot(order_.back());
      if (slot_calls_[slot] == order_.back()) taken_.Reset(slot);
    }
    state_ = choice.state;
  }

  void NoteFurthest() {
    if (furthest_ && position_ <= furthest_->position) return;
    furthest_.emplace();
    furthest_->order = order_;
    furthest_->position = position_;
  }

  const CallTimeline& timeline_;
  CallSemantics& semantics_;
  const SearchLimits& limits_;
  const std::vector<uint32_t> twins_;
  const std::vector<uint32_t> observers_;
  const std::vector<Reset> resets_;

  // The configuration where the search is.
  StateId state_ = CallSemantics::kInitial;
  uint32_t position_ = 0;  // every call that returns before it has been taken
  Bitset pending_;         // by slot: invoked, and not returned before position_
  Bitset taken_;           // by slot: pending, and taken all the same
  std::vector<uint32_t> slot_calls_;
  std::vector<uint32_t> order_;

  std::vector<Choice> choices_;
  std::vector<uint64_t> configuration_;
  ConfigurationSet seen_;
  uint32_t calls_since_clock_look_ = 0;
  std::optional<SearchResult> furthest_;
};

}  // namespace

SearchResult SearchLinearization(const CallTimeline& timeline, CallSemantics& semantics,
                                 const SearchLimits& limits) {
  return Search(timeline, semantics, limits).Run();
}

}  // namespace detect
