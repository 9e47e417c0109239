// ScenarioRunner runs a scenario many times, each time on a new object, and hands out what
// happened.
//
//   objects, one a run ─► all threads: gate ─► prefix by the first ─► gate ─► their calls ─► gate
//   ─► suffix by the first ─► next object ...
//
// Many runs make one round of a team: to wake threads takes longer than a run does. Between calls
// a thread spins for a moment drawn at random, so that runs differ.
//
// Context: tool. Threads: one at a time uses it. Memory: the objects and histories of one batch.
#pragma once

#include <immintrin.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libdetect/harness/hang_report.h"
#include "libdetect/harness/history.h"
#include "libdetect/harness/history_recorder.h"
#include "libdetect/harness/linearizability.h"
#include "libdetect/harness/random.h"
#include "libdetect/harness/scenario.h"
#include "libdetect/harness/spin_gate.h"
#include "libdetect/harness/team.h"

namespace detect {

// Either one history a run, or why there are none.
template <SequentialModel Model>
struct ScenarioRuns {
  std::vector<History<Model>> histories;
  std::string trouble;  // an exception, or a call that does not come back
};

template <TellingModel Model>
class ScenarioRunner {
 public:
  using Factory = std::function<std::shared_ptr<void>()>;

  ScenarioRunner(Factory make, std::vector<AnyAction<Model>> actions,
                 std::chrono::milliseconds timeout)
      : make_(std::move(make)), actions_(std::move(actions)), timeout_(timeout) {}

  const std::vector<AnyAction<Model>>& actions() const { return actions_; }

  // Blocks: until all runs are over, or for the timeout. Threads that hang are left behind, with
  // their object.
  ScenarioRuns<Model> Run(const Scenario<Model>& scenario, uint32_t runs, uint64_t seed) {
    auto batch = std::make_shared<Batch>(scenario, actions_, runs, seed);
    for (uint32_t run = 0; run < runs; ++run) batch->objects.push_back(make_());
    Team& team = TeamOf(scenario.threads.size());
    team.StartRound([batch](uint32_t index) { batch->Work(index); });
    if (!team.AwaitRound(std::chrono::steady_clock::now() + timeout_)) {
      batch->gate.GiveUp();
      team.AwaitRound(std::chrono::steady_clock::now() + kGrace);
    }
    const RoundResult result = team.EndRound();
    if (!result.IsComplete()) return {{}, Trouble(*batch, result)};
    return {batch->Histories(), ""};
  }

 private:
  static constexpr std::chrono::milliseconds kGrace{200};

  struct Batch {
    Batch(const Scenario<Model>& scenario, const std::vector<AnyAction<Model>>& actions,
          uint32_t runs, uint64_t seed)
        : actions(actions),
          seed(seed),
          prefix(scenario.prefix.size()),
          suffix(scenario.suffix.size()),
          begun(scenario.threads.size()),
          gate(static_cast<uint32_t>(scenario.threads.size())),
          recorder(scenario.threads.size(), runs * scenario.CountCalls()) {
      for (size_t i = 0; i < scenario.threads.size(); ++i) calls.push_back(scenario.CallsOf(i));
    }

    void Work(uint32_t index) {
      // Also where a call throws, or ends its thread: nobody must wait for this one then.
      struct LeaveGate {
        SpinGate& gate;
        bool is_done = false;
        ~LeaveGate() {
          if (!is_done) gate.GiveUp();
        }
      } leave{gate};

      Random random(seed, index);
      const size_t first = index == 0 ? prefix : 0;
      const size_t last = calls[index].size() - (index == 0 ? suffix : 0);
      for (const std::shared_ptr<void>& object : objects) {
        for (size_t i = 0; i < first; ++i) Do(object.get(), index, i);
        if (!gate.Pass()) return;
        for (size_t i = first; i < last; ++i) {
          for (uint64_t spins = random.Below(1u << random.Below(kMostSpinsLog2)); spins > 0;
               --spins) {
            _mm_pause();
          }
          Do(object.get(), index, i);
        }
        if (suffix > 0 && !gate.Pass()) return;
        for (size_t i = last; i < calls[index].size(); ++i) Do(object.get(), index, i);
        begun[index].store(0, std::memory_order_relaxed);
      }
      leave.is_done = true;
    }

    void Do(void* object, uint32_t index, size_t i) {
      const typename Scenario<Model>::Call& call = calls[index][i];
      begun[index].store(static_cast<uint32_t>(i + 1), std::memory_order_relaxed);
      recorder.Record(index, call.input,
                      [&] { return actions[call.action].call(object, call.input); });
    }

    // One for each run. Requires: all threads are back.
    std::vector<History<Model>> Histories() {
      History<Model> all = recorder.Take();
      std::vector<History<Model>> histories(objects.size());
      size_t next = 0;
      for (const auto& thread_calls : calls) {
        for (History<Model>& history : histories) {
          for (size_t i = 0; i < thread_calls.size(); ++i) {
            history.push_back(std::move(all[next++]));
          }
        }
      }
      return histories;
    }

    static constexpr uint64_t kMostSpinsLog2 = 7;

    const std::vector<AnyAction<Model>> actions;
    const uint64_t seed;
    const size_t prefix;
    const size_t suffix;
    std::vector<std::vector<typename Scenario<Model>::Call>> calls;  // by thread
    std::vector<std::shared_ptr<void>> objects;                      // by run
    // By thread: how many calls it has begun in its run. Relaxed: read when the round is over, for
    // a text.
    std::vector<std::atomic<uint32_t>> begun;
    SpinGate gate;
    HistoryRecorder<Model> recorder;
  };

  Team& TeamOf(size_t threads) {
    if (!team_ || team_->size() != threads) team_ = std::make_unique<Team>(threads);
    return *team_;
  }

  std::string Trouble(const Batch& batch, const RoundResult& result) const {
    std::string trouble;
    std::vector<int32_t> missing;
    for (uint32_t index = 0; index < result.members.size(); ++index) {
      const MemberResult& member = result.members[index];
      if (member.outcome == Outcome::kReturned) continue;
      const uint32_t begun = batch.begun[index].load(std::memory_order_relaxed);
      const std::string call = begun == 0
                                   ? "between its calls"
                                   : "in " + Model::Tell(batch.calls[index][begun - 1].input);
      trouble += "  thread " + std::to_string(index) + ", " + call + ": ";
      if (member.outcome == Outcome::kThrew) {
        trouble += "threw: " + linearizability::TellException(member.error) +
                   "\n  (What a call may throw is a result: catch it, and give it a value of the "
                   "model's output.)\n";
      } else if (member.outcome == Outcome::kMissing) {
        trouble += "is not back after " + std::to_string(timeout_.count()) + " ms\n";
        missing.push_back(member.tid);
      } else {
        trouble += "ended its thread\n";
      }
    }
    if (!missing.empty()) trouble += DescribeHang(missing).text;
    return trouble;
  }

  const Factory make_;
  const std::vector<AnyAction<Model>> actions_;
  const std::chrono::milliseconds timeout_;
  std::unique_ptr<Team> team_;
};

}  // namespace detect
