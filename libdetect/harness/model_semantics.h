// ModelSemantics runs a model for the search: it gives each state that comes up a number.
//
//   state 0   Register{0}      ── write(1) ──►   state 1   Register{1}
//
// Equal states have one number. Exceptions of the model go through.
//
// Context: tool. Threads: one at a time. Memory: one model for each state, never freed before the
// end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "libdetect/harness/history.h"
#include "libdetect/harness/linearization_search.h"

namespace detect {

template <SequentialModel Model>
class ModelSemantics final : public CallSemantics {
 public:
  // `calls` must outlive this.
  explicit ModelSemantics(const History<Model>& calls) : calls_(calls) {
    states_.emplace_back();
    Number();
    for (const RecordedCall<Model>& call : calls_) observes_.push_back(OnlyObserves(call));
  }

  // Has Apply() reject `call`, whatever its result, and keep the results that the model gave.
  void Probe(uint32_t call) {
    probed_ = call;
    observes_[call] = false;
  }
  const std::vector<typename Model::Output>& probed_outputs() const { return probed_outputs_; }

  StateId Apply(StateId state, uint32_t call) override {
    states_.push_back(states_[state]);
    typename Model::Output output = states_.back().Apply(calls_[call].input);
    const std::optional<typename Model::Output>& expected = calls_[call].output;
    if (call == probed_ || (expected.has_value() && !(output == *expected))) {
      if (call == probed_) Keep(std::move(output));
      states_.pop_back();
      return kRejected;
    }
    return Number();
  }

  bool Observes(uint32_t call) const override { return observes_[call]; }

  bool Alike(uint32_t a, uint32_t b) const override {
    return a != probed_ && b != probed_ && calls_[a].output == calls_[b].output &&
           calls_[a].input == calls_[b].input;
  }

  bool Resets(uint32_t call) const override {
    if constexpr (ForesightedModel<Model>) return Model::Resets(calls_[call].input);
    return false;
  }

  bool CanPrecede(StateId state, uint32_t observer) const override {
    if constexpr (ForesightedModel<Model>) {
      return states_[state].CanPrecede(calls_[observer].input, *calls_[observer].output);
    }
    return true;
  }

  size_t Bytes() const override { return states_.size() * kBytesEach + heap_bytes_; }

 private:
  static constexpr size_t kBytesEach = sizeof(Model) + 64;  // with its node and bucket in numbers_

  static bool OnlyObserves(const RecordedCall<Model>& call) {
    if constexpr (ObservingModel<Model>) {
      return call.output.has_value() && Model::Observes(call.input, *call.output);
    }
    return false;
  }

  // Returns the number of the last of states_, which is dropped where an equal one is there.
  StateId Number() {
    const auto [number, is_new] = numbers_.insert(static_cast<StateId>(states_.size() - 1));
    if (!is_new) {
      states_.pop_back();
    } else if constexpr (SizedModel<Model>) {
      heap_bytes_ += states_.back().HeapBytes();
    }
    return *number;
  }

  void Keep(typename Model::Output output) {
    for (const typename Model::Output& kept : probed_outputs_) {
      if (kept == output) return;
    }
    probed_outputs_.push_back(std::move(output));
  }

  struct HashOf {
    const std::deque<Model>* states;
    size_t operator()(StateId id) const { return (*states)[id].Hash(); }
  };
  struct AreEqual {
    const std::deque<Model>* states;
    bool operator()(StateId a, StateId b) const { return (*states)[a] == (*states)[b]; }
  };

  const History<Model>& calls_;
  std::vector<bool> observes_;  // by call
  std::optional<uint32_t> probed_;
  std::vector<typename Model::Output> probed_outputs_;

  std::deque<Model> states_;
  std::unordered_set<StateId, HashOf, AreEqual> numbers_{0, HashOf{&states_}, AreEqual{&states_}};
  size_t heap_bytes_ = 0;
};

}  // namespace detect
