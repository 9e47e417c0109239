// What can memory do? A litmus test runs a few lines of code on several threads at once, millions
// of times, each time on fresh memory, and counts how it came out.
//
//   struct StoreBuffering {
//     std::atomic<int> x{0}, y{0};
//     int r1 = 0, r2 = 0;
//     auto Outcome() const { return std::array{r1, r2}; }
//   };
//
//   litmus::LitmusTest<StoreBuffering> test("store buffering");
//   test.Actor([](auto& s) { s.x.store(1, relaxed); s.r1 = s.y.load(relaxed); });
//   test.Actor([](auto& s) { s.y.store(1, relaxed); s.r2 = s.x.load(relaxed); });
//   test.Acceptable({0, 1}, "the first came first").Interesting({0, 0}, "both stores were late") …
//   litmus::Result result = test.Run();
//
// What nobody graded counts as forbidden. What passing proves, and what not: docs/litmus.md. The
// idea of graded outcomes is that of OpenJDK's jcstress; the running of many states in one go, of
// Alglave, Maranget, Sarkar and Sewell, "Litmus: Running Tests Against Hardware" (TACAS 2011).
//
// Context: tool. Threads: a LitmusTest is used by one thread; each actor runs on a thread of its
// own. Memory: two thousand states.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "libdetect/harness/litmus_result.h"
#include "libdetect/harness/litmus_run.h"

namespace detect::litmus {

// What the actors share: made afresh for each sample, it tells how the sample came out as an array
// of int. What only one actor writes may be plain, and is read when all have ended.
template <typename S>
concept LitmusState = std::is_nothrow_default_constructible_v<S> && std::destructible<S> &&
    requires(const S& state) {
  { std::tuple_size<decltype(state.Outcome())>::value } -> std::convertible_to<size_t>;
  { state.Outcome()[0] } -> std::convertible_to<int>;
};

template <LitmusState State>
class LitmusTest {
 public:
  using Outcome = decltype(std::declval<const State&>().Outcome());

  explicit LitmusTest(std::string name) : plan_{.name = std::move(name)} {}

  // Adds an actor: two to four of them run at the same time, each on its own thread.
  template <std::invocable<State&> Act>
  LitmusTest& Actor(Act act) {
    // The loop is made here, where the compiler sees the actor: a call through a pointer for each
    // sample would take longer than what is to overlap.
    actors_.push_back([act = std::move(act)](State* states, const Stride& stride) {
      for (size_t i = 0; i < stride.states; ++i) {
        act(states[stride.At(i)]);
        // The compiler may reorder within a sample, as in the program itself, but not across two.
        std::atomic_signal_fence(std::memory_order_seq_cst);
      }
    });
    ++plan_.actors;
    return *this;
  }

  // Runs on each state after all actors have ended; it sees all that they did.
  template <std::invocable<State&> Act>
  LitmusTest& Arbiter(Act act) {
    arbiter_ = std::move(act);
    return *this;
  }

  // How an outcome is judged, and why it can come about.
  LitmusTest& Acceptable(const Outcome& outcome, const std::string& description) {
    return Judge(outcome, Grade::kAcceptable, description);
  }
  LitmusTest& Interesting(const Outcome& outcome, const std::string& description) {
    return Judge(outcome, Grade::kInteresting, description);
  }
  LitmusTest& Forbidden(const Outcome& outcome, const std::string& description) {
    return Judge(outcome, Grade::kForbidden, description);
  }

  // Blocks: for the budget; where an actor hangs, for the patience as well.
  // A test that cannot be run, and an actor that throws, are told in Result::error.
  Result Run(const Options& options = {}) const {
    Result result = Refuse(plan_, options);
    if (!result.error.empty()) return result;
    return RunSubject(plan_, std::make_shared<States>(*this), options);
  }

 private:
  using Loop = std::function<void(State*, const Stride&)>;

  // What the runner drives. It keeps all it needs: an actor that hangs may outlive the test.
  class States : public Subject {
   public:
    explicit States(const LitmusTest& test)
        : actors_(test.actors_),
          arbiter_(test.arbiter_),
          states_(new State[kMaxStates]),
          tallies_(test.actors_.size()) {}

    void RunActor(size_t actor, const Stride& stride) override {
      actors_[actor](states_.get(), stride);
    }

    void Collect(size_t worker, size_t begin, size_t end) override {
      Tally& tally = tallies_[worker];
      for (State* state = &states_[begin]; state != &states_[end]; ++state) {
        if (arbiter_) arbiter_(*state);
        tally.Count(state->Outcome());
        std::destroy_at(state);
        std::construct_at(state);
      }
    }

    Counts Counted() const override {
      Counts counts;
      for (const Tally& tally : tallies_) {
        for (const auto& [outcome, samples] : tally.seen) {
          counts.seen[{outcome.begin(), outcome.end()}] += samples;
        }
        counts.others += tally.others;
      }
      return counts;
    }

   private:
    // Each worker has one of its own, on its own cache lines.
    struct alignas(kCacheLineBytes) Tally {
      void Count(const Outcome& outcome) {
        auto found = seen.find(outcome);
        if (found == seen.end()) {
          if (seen.size() == kMaxOutcomes) {
            ++others;
            return;
          }
          found = seen.emplace(outcome, 0).first;
        }
        ++found->second;
      }

      std::map<Outcome, uint64_t> seen;
      uint64_t others = 0;
    };

    const std::vector<Loop> actors_;
    const std::function<void(State&)> arbiter_;
    const std::unique_ptr<State[]> states_;
    std::vector<Tally> tallies_;
  };

  LitmusTest& Judge(const Outcome& outcome, Grade grade, const std::string& description) {
    plan_.graded.push_back(
        {.outcome = {outcome.begin(), outcome.end()}, .grade = grade, .description = description});
    return *this;
  }

  Plan plan_;
  std::vector<Loop> actors_;
  std::function<void(State&)> arbiter_;
};

}  // namespace detect::litmus
