// Scenario is a small program of calls on one object, for some threads: what a check tries.
//
//   thread 0:  put(1)  │ get()   get()  │ get()          prefix │ parallel part │ suffix
//   thread 1:          │ put(2)         │
//
// The first thread does the prefix and the suffix, while the others wait.
//
// Context: tool. Threads: plain data.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "libdetect/harness/random.h"
#include "libdetect/harness/sequential_model.h"

namespace detect {

// One thing that can be done to an object.
template <SequentialModel Model, typename Object>
struct Action {
  // One of them is drawn each time. Few different values find most: they collide.
  std::vector<typename Model::Input> inputs;
  std::function<typename Model::Output(Object&, const typename Model::Input&)> call;
  unsigned weight = 1;
};

// The same of an object whose type is not told, so that what runs it is compiled once for a model.
template <SequentialModel Model>
struct AnyAction {
  std::vector<typename Model::Input> inputs;
  std::function<typename Model::Output(void*, const typename Model::Input&)> call;
  unsigned weight = 1;
};

template <SequentialModel Model, typename Object>
AnyAction<Model> ForgetType(Action<Model, Object> action) {
  AnyAction<Model> any{std::move(action.inputs), nullptr, action.weight};
  if (action.call) {
    any.call = [call = std::move(action.call)](void* object, const typename Model::Input& input) {
      return call(*static_cast<Object*>(object), input);
    };
  }
  return any;
}

struct ScenarioShape {
  size_t threads = 2;
  size_t calls_per_thread = 3;  // at most, in the parallel part
  size_t prefix = 2;            // at most
  size_t suffix = 1;            // at most
};

template <SequentialModel Model>
struct Scenario {
  struct Call {
    size_t action = 0;
    typename Model::Input input;
  };

  std::vector<Call> prefix;
  std::vector<std::vector<Call>> threads;
  std::vector<Call> suffix;

  // Returns all that thread `index` does, in order.
  std::vector<Call> CallsOf(size_t index) const {
    if (index > 0) return threads[index];
    std::vector<Call> calls = prefix;
    calls.insert(calls.end(), threads[0].begin(), threads[0].end());
    calls.insert(calls.end(), suffix.begin(), suffix.end());
    return calls;
  }

  size_t CountCalls() const {
    size_t count = prefix.size() + suffix.size();
    for (const auto& calls : threads) count += calls.size();
    return count;
  }
};

// Draws a scenario, with at least one call in each thread. Requires: the weights are not all 0, and
// each action has an input.
template <SequentialModel Model>
Scenario<Model> DrawScenario(const std::vector<AnyAction<Model>>& actions,
                             const ScenarioShape& shape, Random& random) {
  uint64_t weights = 0;
  for (const auto& action : actions) weights += action.weight;
  const auto draw = [&](size_t count) {
    std::vector<typename Scenario<Model>::Call> calls;
    for (; count > 0; --count) {
      uint64_t ticket = random.Below(weights);
      size_t action = 0;
      for (; ticket >= actions[action].weight; ++action) ticket -= actions[action].weight;
      const auto& inputs = actions[action].inputs;
      calls.push_back({action, inputs[random.Below(inputs.size())]});
    }
    return calls;
  };

  Scenario<Model> scenario;
  scenario.prefix = draw(random.Below(shape.prefix + 1));
  for (size_t i = 0; i < shape.threads; ++i) {
    scenario.threads.push_back(draw(1 + random.Below(shape.calls_per_thread)));
  }
  scenario.suffix = draw(random.Below(shape.suffix + 1));
  return scenario;
}

// Returns the scenarios that lack one thread, or else one call.
template <SequentialModel Model>
std::vector<Scenario<Model>> SmallerScenarios(const Scenario<Model>& scenario) {
  std::vector<Scenario<Model>> smaller;
  const auto add_without_one = [&](auto get_calls) {
    for (size_t i = 0; i < get_calls(scenario).size(); ++i) {
      Scenario<Model>& without = smaller.emplace_back(scenario);
      auto& calls = get_calls(without);
      calls.erase(calls.begin() + static_cast<ptrdiff_t>(i));
    }
  };
  if (scenario.threads.size() > 2) add_without_one([](auto& s) -> auto& { return s.threads; });
  add_without_one([](auto& s) -> auto& { return s.prefix; });
  add_without_one([](auto& s) -> auto& { return s.suffix; });
  for (size_t i = 0; i < scenario.threads.size(); ++i) {
    if (scenario.threads[i].size() == 1) continue;
    add_without_one([i](auto& s) -> auto& { return s.threads[i]; });
  }
  return smaller;
}

// Returns the same calls in one thread, a thread's after another's.
template <SequentialModel Model>
Scenario<Model> InOneThread(const Scenario<Model>& scenario) {
  Scenario<Model> sequential;
  sequential.threads.resize(1);
  const auto append = [&](const auto& calls) {
    sequential.threads[0].insert(sequential.threads[0].end(), calls.begin(), calls.end());
  };
  append(scenario.prefix);
  for (const auto& calls : scenario.threads) append(calls);
  append(scenario.suffix);
  return sequential;
}

}  // namespace detect
