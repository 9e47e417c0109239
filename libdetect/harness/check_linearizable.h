// CheckLinearizable tries whether the calls on an object take effect one at a time, whatever
// threads make them: it makes up small programs of calls, runs each many times, and has each
// history checked against a model of what the object does.
//
//   using Model = detect::models::FifoQueue<int>;
//   auto result = detect::CheckLinearizable<Model>(
//       [] { return MyQueue(); },
//       {{{Model::Put(1), Model::Put(2)},
//         [](MyQueue& q, const Model::Input& put) { q.push(put.value); return Model::Done(); }},
//        {{Model::Get()},
//         [](MyQueue& q, const Model::Input&) { return Model::Got(q.try_pop()); }}});
//
// What fails is made smaller as long as it still fails, and told as a column per thread. A model
// that does not fit is told from an object that is wrong: first of all, every scenario is run by
// one thread alone. In gtest: EXPECT_TRUE(IsLinearizable(result)), of linearizability_gtest.h.
//
// To pass proves nothing but that no bad run came up among so many. docs/linearizability.md
//
// Context: tool. Threads: any one at a time. Blocks: for the check.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "libdetect/harness/history.h"
#include "libdetect/harness/history_picture.h"
#include "libdetect/harness/linearizability.h"
#include "libdetect/harness/perturbation.h"
#include "libdetect/harness/random.h"
#include "libdetect/harness/scenario.h"
#include "libdetect/harness/scenario_runner.h"

namespace detect {

struct CheckLinearizableOptions {
  ScenarioShape shape = {};
  size_t scenarios = 100;
  size_t runs = 500;  // of each scenario
  // Scenarios, and the delays while they run, are functions of it.
  uint64_t seed = 1;
  // Of all runs together; at least one scenario is run.
  std::chrono::milliseconds time{5'000};
  // Of making a failure smaller.
  std::chrono::milliseconds minimise_time{10'000};
  // For one batch of runs, then: a call does not come back.
  std::chrono::milliseconds timeout{10'000};
  CheckLimits limits = {};
  PerturbationOptions perturbation = {};
};

struct CheckLinearizableResult {
  Linearizability verdict = Linearizability::kYes;
  std::string message;  // what was found, for people; lines
  std::string svg;      // the picture of what failed; kNo
  size_t scenarios = 0;
  size_t runs = 0;

  explicit operator bool() const { return verdict == Linearizability::kYes; }
};

namespace linearizability {

struct FailureText {
  HistoryPicture picture;
  std::string culprit;  // "thread 1: get() = 1"
  std::vector<std::string> could_return;
  size_t failures = 0;  // of how many runs of the smallest scenario
  size_t runs = 0;
  uint64_t seed = 0;
};
std::string Tell(const FailureText& failure);

// Returns what is wrong with the options; nothing where they are right.
std::string Refuse(const CheckLinearizableOptions& options);

// Runs scenarios, and judges what comes of them.
template <TellingModel Model>
class ScenarioTester {
 public:
  ScenarioTester(typename ScenarioRunner<Model>::Factory make,
                 std::vector<AnyAction<Model>> actions, const CheckLinearizableOptions& options)
      : options_(options),
        runner_(std::move(make), std::move(actions), options.timeout),
        perturbation_(options.perturbation) {}

  CheckLinearizableResult Run() {
    if (std::string refusal = Refuse(options_) + RefuseActions(); !refusal.empty()) {
      return End(Linearizability::kNotRun, std::move(refusal));
    }
    Random random(options_.seed);
    std::vector<Scenario<Model>> scenarios;
    for (size_t i = 0; i < options_.scenarios; ++i) {
      scenarios.push_back(DrawScenario(runner_.actions(), options_.shape, random));
      if (!FitsModel(InOneThread(scenarios.back()))) return result_;
    }

    const auto deadline = std::chrono::steady_clock::now() + options_.time;
    for (const Scenario<Model>& scenario : scenarios) {
      if (result_.runs > 0 && std::chrono::steady_clock::now() >= deadline) break;
      ++result_.scenarios;
      std::optional<Failure> failure = FindFailure(scenario, options_.runs);
      if (result_.verdict != Linearizability::kYes) return result_;
      if (failure) return Report(Minimise(*std::move(failure)));
    }
    return End(Linearizability::kYes, "linearizable in " + std::to_string(result_.runs) +
                                          " runs of " + std::to_string(result_.scenarios) +
                                          " scenarios\n");
  }

 private:
  static constexpr uint32_t kRunsPerBatch = 100;
  static constexpr size_t kRunsToBelieveItPasses = 3'000;

  struct Failure {
    Scenario<Model> scenario;
    History<Model> history;
    HistoryCheck<Model> check;
    size_t failures = 0;
    size_t runs = 0;
  };

  CheckLinearizableResult End(Linearizability verdict, std::string message) {
    result_.verdict = verdict;
    result_.message = std::move(message);
    return result_;
  }

  std::string RefuseActions() const {
    uint64_t weights = 0;
    for (const auto& action : runner_.actions()) {
      if (action.inputs.empty()) return "an action has no input to draw from\n";
      if (!action.call) return "an action has no call\n";
      weights += action.weight;
    }
    return weights == 0 ? "there is no action of any weight\n" : "";
  }

  // One for each key, where the model tells keys apart.
  static constexpr auto KeyOf(const typename Model::Input& input) {
    if constexpr (PartitionedModel<Model>) {
      return Model::KeyOf(input);
    } else {
      return 0;
    }
  }
  using Models = std::map<decltype(KeyOf(std::declval<typename Model::Input>())), Model>;

  // Runs it in one thread, and compares it call by call. Returns false, with the result set, where
  // the model is no model, or none of this object.
  bool FitsModel(const Scenario<Model>& scenario) try {
    ScenarioRuns<Model> runs = runner_.Run(scenario, 1, options_.seed);
    if (!runs.trouble.empty()) {
      End(Linearizability::kNotRun,
          "with one thread alone, calls did not return:\n" + runs.trouble);
      return false;
    }
    std::string so_far;
    Models models;
    for (const RecordedCall<Model>& call : runs.histories[0]) {
      Model& model = models[KeyOf(call.input)];
      const Model before = model;
      Model twin = model;
      const typename Model::Output output = model.Apply(call.input);
      const typename Model::Output again = twin.Apply(call.input);
      so_far += "  " + Model::Tell(call.input) + "\n";
      Model witness = before;
      if (!(output == again) || !(model == twin) || model.Hash() != twin.Hash() ||
          !(witness.Apply(call.input) == output)) {
        End(Linearizability::kBadModel,
            "the model is wrong: what its Apply() does is no function of the state and the input, "
            "or equal states have different hashes. After:\n" +
                so_far);
        return false;
      }
      if (!(output == *call.output)) {
        End(Linearizability::kBadModel,
            "the model and the object differ when one thread alone calls it, so this says nothing "
            "about threads. After:\n" +
                so_far + "the object returned " + Model::Tell(call.input, *call.output) +
                ", and the model says " + Model::Tell(call.input, output) + "\n");
        return false;
      }
    }
    return true;
  } catch (...) {
    End(Linearizability::kBadModel,
        "the model threw: " + TellException(std::current_exception()) + "\n");
    return false;
  }

  // Returns the first failure; the result is set where anything else went wrong.
  std::optional<Failure> FindFailure(const Scenario<Model>& scenario, size_t runs) {
    std::optional<Failure> failure;
    const ScopedScheduler scoped(&perturbation_);
    for (size_t done = 0; done < runs && !failure; done += kRunsPerBatch) {
      const uint64_t seed = Random(options_.seed, ++batches_)();
      perturbation_.BeginRound(seed);
      ScenarioRuns<Model> batch = runner_.Run(scenario, kRunsPerBatch, seed);
      if (!batch.trouble.empty()) {
        End(Linearizability::kNotRun, "calls did not return:\n" + batch.trouble);
        return std::nullopt;
      }
      result_.runs += kRunsPerBatch;
      for (const History<Model>& history : batch.histories) {
        HistoryCheck<Model> check = CheckHistory(history, options_.limits);
        if (check.verdict == Linearizability::kYes) continue;
        if (check.verdict != Linearizability::kNo) {
          End(check.verdict, check.why + "\n");
          return std::nullopt;
        }
        if (!failure)
          failure = Failure{scenario, history, std::move(check), 0, done + kRunsPerBatch};
        ++failure->failures;
      }
    }
    return failure;
  }

  // Leaves out what is not needed for it to fail.
  Failure Minimise(Failure failure) {
    const auto deadline = std::chrono::steady_clock::now() + options_.minimise_time;
    for (bool is_smaller = true; is_smaller;) {
      is_smaller = false;
      for (const Scenario<Model>& candidate : SmallerScenarios(failure.scenario)) {
        if (std::chrono::steady_clock::now() >= deadline) return failure;
        std::optional<Failure> found = FindFailure(candidate, kRunsToBelieveItPasses);
        if (!found) continue;  // also where it hung: then it says something else
        failure = *std::move(found);
        is_smaller = true;
        break;
      }
    }
    return failure;
  }

  CheckLinearizableResult Report(const Failure& failure) {
    FailureText text;
    text.failures = failure.failures;
    text.runs = failure.runs;
    text.seed = options_.seed;
    for (size_t i = 0; i < failure.scenario.threads.size(); ++i) {
      text.picture.threads.push_back("thread " + std::to_string(i));
    }
    for (size_t i = 0; i < failure.history.size(); ++i) {
      const RecordedCall<Model>& call = failure.history[i];
      PicturedCall& pictured = text.picture.calls.emplace_back();
      pictured = {call.thread, Model::Tell(call.input), Model::Tell(call.input, *call.output),
                  call.time, i == failure.check.unexplained};
      if (!pictured.is_unexplained) continue;
      text.culprit = "thread " + std::to_string(call.thread) + ": " + pictured.call;
      if (!pictured.result.empty()) text.culprit += " = " + pictured.result;
    }
    if (failure.check.unexplained) {
      const auto& input = failure.history[*failure.check.unexplained].input;
      for (const typename Model::Output& output : failure.check.could_return) {
        text.could_return.push_back(Model::Tell(input, output));
      }
    }
    result_.svg = ToSvg(text.picture);
    return End(Linearizability::kNo, Tell(text));
  }

  const CheckLinearizableOptions options_;
  ScenarioRunner<Model> runner_;
  Perturbation perturbation_;
  CheckLinearizableResult result_;
  uint64_t batches_ = 0;
};

}  // namespace linearizability

// `make` returns a new object, which may be of a type that cannot be moved.
template <TellingModel Model, typename Make, typename Object = std::invoke_result_t<Make&>>
CheckLinearizableResult CheckLinearizable(
    Make make, std::vector<std::type_identity_t<Action<Model, Object>>> actions,
    const CheckLinearizableOptions& options = {}) {
  std::vector<AnyAction<Model>> any;
  for (Action<Model, Object>& action : actions) any.push_back(ForgetType(std::move(action)));
  return linearizability::ScenarioTester<Model>(
             [make = std::move(make)]() mutable {
               return std::shared_ptr<void>(std::shared_ptr<Object>(new Object(make())));
             },
             std::move(any), options)
      .Run();
}

}  // namespace detect
