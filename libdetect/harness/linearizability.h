// CheckHistory says whether a recorded history is linearizable: whether each call could have taken
// effect at one instant between its invocation and its return, as the model does it.
//
//   HistoryCheck check = CheckHistory<models::Register>(history);
//   if (check.verdict == Linearizability::kNo) {
//     history[*check.unexplained] ...       // the first return that no order of the calls explains
//     check.could_return ...                // what would have been right there
//   }
//
// The calls of each key are checked by themselves, where the model tells keys apart: a history is
// linearizable if it is for every key (M. Herlihy and J. Wing, 1990; as a means to check faster,
// A. Horn and D. Kroening, 2015).
//
// Context: tool. Threads: any; a check uses only its own.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libdetect/harness/call_timeline.h"
#include "libdetect/harness/history.h"
#include "libdetect/harness/linearization_search.h"
#include "libdetect/harness/model_semantics.h"
#include "libdetect/harness/sequential_model.h"

namespace detect {

enum class Linearizability {
  kYes,
  kNo,
  kNotDecided,  // the time or the memory did not suffice
  kBadModel,    // the model threw, or does not fit
  kNotRun,      // of CheckLinearizable: bad options, or a call that did not return
};

struct CheckLimits {
  std::chrono::milliseconds time{10'000};
  size_t bytes = size_t{512} << 20;
};

template <SequentialModel Model>
struct HistoryCheck {
  Linearizability verdict = Linearizability::kYes;
  std::string why;  // of kNotDecided and kBadModel; of kNo, only where `unexplained` is empty

  // Calls are told by their place in the history. kYes: in an order that explains them, key after
  // key. Else, for one key that fails: in an order that explains its longest linearizable prefix,
  // which ends right before the return of `unexplained`. A call whose outcome is not known by then
  // is among them only where it took effect.
  // kNotDecided, or kNo and there was no time to find the longest: both are empty.
  std::vector<size_t> order;
  std::optional<size_t> unexplained;
  // kNo: the results with which `unexplained` could have returned; as far as they were looked for.
  std::vector<typename Model::Output> could_return;

  uint64_t configurations = 0;  // how many were visited
};

namespace linearizability {

// As the text of kNotDecided.
std::string TellLimit(SearchEnd end, const CheckLimits& limits, size_t explained, size_t returns);

std::string TellException(const std::exception_ptr& exception);

// An explanation may take as long as the verdict did, and a tenth of a second.
std::chrono::steady_clock::time_point ExplainDeadline(std::chrono::steady_clock::time_point start);

// Some calls of a history, and their places in it.
template <SequentialModel Model>
struct Part {
  History<Model> calls;
  std::vector<size_t> places;

  void Add(RecordedCall<Model> call, size_t place) {
    if (!call.output) call.time.returned = CallTime::kNever;
    if (call.output) call.time.returned = std::max(call.time.invoked, call.time.returned);
    calls.push_back(std::move(call));
    places.push_back(place);
  }

  CallTimeline Timeline() const {
    std::vector<CallTime> times;
    times.reserve(calls.size());
    for (const RecordedCall<Model>& call : calls) times.push_back(call.time);
    return CallTimeline(times);
  }
};

// Returns the calls of each key, those of the fewest calls first.
template <SequentialModel Model>
std::vector<Part<Model>> Partition(const History<Model>& history) {
  std::vector<Part<Model>> parts;
  if constexpr (PartitionedModel<Model>) {
    std::map<std::decay_t<decltype(Model::KeyOf(history[0].input))>, size_t> part_of;
    for (size_t place = 0; place < history.size(); ++place) {
      const auto [key, is_new] = part_of.emplace(Model::KeyOf(history[place].input), parts.size());
      if (is_new) parts.emplace_back();
      parts[key->second].Add(history[place], place);
    }
    std::stable_sort(parts.begin(), parts.end(),
                     [](const auto& a, const auto& b) { return a.calls.size() < b.calls.size(); });
  } else {
    parts.emplace_back();
    for (size_t place = 0; place < history.size(); ++place) parts[0].Add(history[place], place);
  }
  return parts;
}

// Returns the part as it was right after its first `returns` returns: what had not returned by then
// may have had any outcome.
template <SequentialModel Model>
Part<Model> Cut(const Part<Model>& part, const CallTimeline& timeline, uint32_t returns) {
  const uint64_t end = part.calls[timeline.returns()[returns - 1]].time.returned;
  Part<Model> cut;
  for (uint32_t call = 0; call < part.calls.size(); ++call) {
    if (part.calls[call].time.invoked > end) continue;
    RecordedCall<Model> known = part.calls[call];
    if (timeline.rank(call) >= returns) known.output.reset();
    cut.Add(std::move(known), part.places[call]);
  }
  return cut;
}

template <SequentialModel Model>
SearchResult Search(const Part<Model>& part, const CallTimeline& timeline,
                    const SearchLimits& limits) {
  ModelSemantics<Model> semantics(part.calls);
  return SearchLinearization(timeline, semantics, limits);
}

// Returns the results with which the call that returns last could have returned, up to four.
template <SequentialModel Model>
std::vector<typename Model::Output> PossibleOutputs(Part<Model> part, const SearchLimits& limits) {
  constexpr size_t kMost = 4;
  const CallTimeline timeline = part.Timeline();
  const uint32_t last = timeline.returns().back();
  ModelSemantics<Model> probe(part.calls);
  probe.Probe(last);
  SearchLinearization(timeline, probe, limits);

  std::vector<typename Model::Output> possible;
  for (const typename Model::Output& output : probe.probed_outputs()) {
    if (possible.size() == kMost) break;
    part.calls[last].output = output;
    if (Search(part, timeline, limits).end == SearchEnd::kFound) possible.push_back(output);
  }
  return possible;
}

// Explains why a part is not linearizable. `position`: so many returns are known to be explained.
template <SequentialModel Model>
HistoryCheck<Model> ExplainFailure(const Part<Model>& part, const CallTimeline& timeline,
                                   uint32_t position, const SearchLimits& limits) {
  HistoryCheck<Model> check;
  check.verdict = Linearizability::kNo;
  // The search found no way past `position` with the results of all calls. With those alone that
  // had returned by then, there may be one. A prefix of a linearizable prefix is linearizable.
  uint32_t explained = position;
  uint32_t failing = static_cast<uint32_t>(timeline.returns().size());
  for (uint32_t next = position + 1; explained + 1 < failing; next = (explained + failing) / 2) {
    const Part<Model> cut = Cut(part, timeline, next);
    const SearchEnd end = Search(cut, cut.Timeline(), limits).end;
    if (end != SearchEnd::kFound && end != SearchEnd::kExhausted) {
      check.why = "it took too long to find out where it fails";
      return check;
    }
    (end == SearchEnd::kFound ? explained : failing) = next;
  }

  check.unexplained = part.places[timeline.returns()[explained]];
  if (explained > 0) {
    const Part<Model> prefix = Cut(part, timeline, explained);
    for (uint32_t call : Search(prefix, prefix.Timeline(), limits).order) {
      check.order.push_back(prefix.places[call]);
    }
  }
  check.could_return = PossibleOutputs(Cut(part, timeline, explained + 1), limits);
  return check;
}

}  // namespace linearizability

template <SequentialModel Model>
HistoryCheck<Model> CheckHistory(const History<Model>& history,
                                 const CheckLimits& limits = {}) try {
  const auto start = std::chrono::steady_clock::now();
  const SearchLimits search_limits{start + limits.time, limits.bytes};
  HistoryCheck<Model> check;
  for (const linearizability::Part<Model>& part : linearizability::Partition<Model>(history)) {
    const CallTimeline timeline = part.Timeline();
    const SearchResult found = linearizability::Search(part, timeline, search_limits);
    check.configurations += found.configurations;
    if (found.end == SearchEnd::kExhausted) {
      const SearchLimits explain_limits{linearizability::ExplainDeadline(start), limits.bytes};
      HistoryCheck<Model> failure =
          linearizability::ExplainFailure(part, timeline, found.position, explain_limits);
      failure.configurations = check.configurations;
      return failure;
    }
    if (check.verdict == Linearizability::kNotDecided) continue;
    if (found.end != SearchEnd::kFound) {
      check.verdict = Linearizability::kNotDecided;
      check.why =
          linearizability::TellLimit(found.end, limits, found.position, timeline.returns().size());
      check.order.clear();
    }
    for (uint32_t call : found.order) check.order.push_back(part.places[call]);
  }
  return check;
} catch (...) {
  HistoryCheck<Model> failed;
  failed.verdict = Linearizability::kBadModel;
  failed.why = "the model threw: " + linearizability::TellException(std::current_exception());
  return failed;
}

}  // namespace detect
