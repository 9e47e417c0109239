// Operations made of others: a mix, a step and its way back, one with an argument for each thread.
//
//   EXPECT_CONTENDED(Mix({{3, Read}, {1, Write}}));                    // three reads to one write
//   EXPECT_CONTENDED(ThereAndBack(Push, Pop),
//                    {.invariants = {Unchanged("the stack", [&] { return stack.size(); })}});
//   EXPECT_CONTENDED(WithArguments(std::vector{"a", "b"}, [&](auto key) { map.Insert(key); }));
//
// Context: tool. Threads: the operations run in many.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "libdetect/harness/contended.h"

namespace detect {

struct Weighted {
  uint64_t weight = 1;
  ContendedOperation operation;
};

// Each call does one of them, drawn by weight from the thread's random numbers.
// Requires: the weights are not all 0.
inline ContendedOperation Mix(std::vector<Weighted> operations) {
  uint64_t sum = 0;
  for (const Weighted& one : operations) sum += one.weight;
  return [operations = std::move(operations), sum](Contender& self) {
    uint64_t drawn = self.random().Below(sum);
    for (const Weighted& one : operations) {
      if (drawn < one.weight) return one.operation(self);
      drawn -= one.weight;
    }
  };
}

// One step forward, one step back: afterwards all is as it was, where each of them is atomic.
inline ContendedOperation ThereAndBack(ContendedOperation there, ContendedOperation back) {
  return [there = std::move(there), back = std::move(back)](Contender& self) {
    there(self);
    back(self);
  };
}

// What `observe` returns is the same after each round as before it: the other half of ThereAndBack.
template <std::invocable Observe>
Invariant Unchanged(const std::string& name, Observe observe) {
  using State = std::decay_t<std::invoke_result_t<Observe&>>;
  auto before = std::make_shared<std::optional<State>>();
  return {.name = name + " is as it was before the round",
          .holds = [before, observe] { return **before == observe(); },
          .before_round = [before, observe] { before->emplace(observe()); }};
}

// Thread i gets arguments[i], or begins again at the first where there are fewer.
// Requires: there is one.
template <typename T, typename F>
requires std::invocable<const F&, const T&> ContendedOperation
WithArguments(std::vector<T> arguments, F f) {
  return [arguments = std::move(arguments), f = std::move(f)](Contender& self) {
    std::invoke(f, arguments[self.index() % arguments.size()]);
  };
}

}  // namespace detect
