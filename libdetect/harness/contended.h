// RunContended does the same thing from many threads at once, again and again, and says whether all
// of them came back and what was true of the result.
//
//   std::list<int> list;  detect::mutex lock;
//   ContendedResult result = detect::RunContended(
//       [&](Contender& self) {
//         { std::lock_guard hold(lock); list.push_back(self.index()); }
//         { std::lock_guard hold(lock); list.remove(self.index()); }
//       },
//       {.threads = 20, .invariants = {{"the list is empty", [&] { return list.empty(); }}}});
//
//   round:  set_up ─► all threads: operation × calls ─► all at rest: invariants ─► tear_down
//
// The run ends with the first round that fails. What failed is told with the thread, the round and
// the seed. A round that is not over in time fails with who waits for whom, and its threads are
// left behind: what the operation refers to must outlive them, or a thread that is only late finds
// it gone. One whose threads are proven to be deadlocked fails at once.
//
// For GoogleTest see gtest.h; nothing here knows of it. What another test framework needs is in
// test_framework.h.
//
// Context: tool. Threads: any one, one run at a time. Blocks: for the run.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libdetect/harness/perturbation.h"
#include "libdetect/harness/random.h"

namespace detect {

class ContendedRun;

// What an operation is told of the thread that it runs in, for the length of one round.
class Contender {
 public:
  Contender(ContendedRun& run, uint32_t index, uint64_t round, uint64_t round_seed)
      : run_(run), index_(index), round_(round), random_(round_seed, index) {}

  uint32_t index() const { return index_; }  // 0 … threads-1
  uint64_t round() const { return round_; }  // 0, 1, …
  uint64_t call() const { return call_; }    // 0 … calls-1
  Random& random() { return random_; }       // the same in each run with that seed

  // Says that something is wrong. The run fails, and ends with this round.
  void Fail(const std::string& what);

 private:
  friend class ContendedRun;
  ContendedRun& run_;
  const uint32_t index_;
  const uint64_t round_;
  uint64_t call_ = 0;
  Random random_;
};

// Anything that can be called with a Contender&, or with nothing.
class ContendedOperation {
 public:
  template <typename F>
  requires std::invocable<F&, Contender&> &&
      (!std::same_as<std::remove_cvref_t<F>, ContendedOperation>)ContendedOperation(
          F f)  // NOLINT(google-explicit-constructor): stands where a function is expected
      : call_([f = std::move(f)](Contender& self) mutable { std::invoke(f, self); }) {}

  template <typename F>
  requires std::invocable<F&> &&(!std::invocable<F&, Contender&>)
      ContendedOperation(F f)  // NOLINT(google-explicit-constructor)
      : call_([f = std::move(f)](Contender&) mutable { std::invoke(f); }) {}

  void operator()(Contender& self) const { call_(self); }

 private:
  std::function<void(Contender&)> call_;
};

// When an invariant is looked at, besides after each round, when all threads are at rest.
enum class Checked : uint8_t {
  kAtRest,     // never
  kByWatcher,  // all the time, by a thread of its own
  kByThreads,  // by each thread after each call
};

struct Invariant {
  std::string name;             // reads as what holds: "the list is empty"
  std::function<bool()> holds;  // an exception counts as false
  Checked checked = Checked::kAtRest;
  std::function<void()> before_round = {};  // for what compares with how it was; may be empty
};

struct ContendedOptions {
  int threads = 20;
  // 0: as many as can begin within `budget`.
  int64_t rounds = 0;
  std::chrono::nanoseconds budget = std::chrono::seconds(1);
  // Of one round, for all threads together; also of one look at the invariants.
  std::chrono::nanoseconds timeout = std::chrono::seconds(2);
  int64_t calls = 1;  // of the operation, by each thread in each round
  // Round N has the seed `seed` + N: a run with a round's seed begins with that round.
  // DETECT_SEED comes before it; where neither says one, it differs from run to run.
  std::optional<uint64_t> seed = {};
  // Delays before operations of ours. What DETECT_OPTIONS says comes before it. With DETECT_SEED
  // its budget is all of the time, so that every delay of that seed is there again.
  PerturbationOptions perturbation = {};
  std::function<void()> set_up = {};     // before each round, in the calling thread
  std::function<void()> tear_down = {};  // after it; not after one whose threads hang
  std::vector<Invariant> invariants = {};
  // A run in which no two threads were inside at once has shown nothing, and fails.
  bool require_overlap = true;
  // Threads that the operation makes must have ended when the run does.
  bool may_leave_threads = false;
};

struct ContendedFailure {
  enum class Kind : uint8_t {
    kOptions,    // the run was refused
    kThrew,      // the operation, a hook or an invariant
    kAssertion,  // by Contender::Fail or a test framework
    kInvariant,
    kHang,
    kForbidden,  // the operation forked, or ended its thread, or left threads behind
    kNoOverlap,
  };
  Kind kind = Kind::kAssertion;
  std::string what = {};
  std::optional<uint32_t> thread = {};  // its index
  std::optional<uint64_t> round = {};
  std::string file = {};  // empty where it is not known
  int line = 0;
  bool fatal = false;  // stops its round, too
};

struct ContendedResult {
  std::vector<ContendedFailure> failures;

  int threads = 0;
  uint64_t seed = 0;    // of round 0
  uint64_t rounds = 0;  // that were begun
  uint64_t calls = 0;   // of the operation that came back
  // Between the first starts on each core; the median over rounds that used two or more cores.
  std::chrono::nanoseconds start_spread{0};
  uint64_t rounds_on_many_cores = 0;
  uint64_t rounds_overlapped = 0;
  double overlap = 0;  // the part of the time in which two or more threads were inside
  std::vector<int32_t> left_behind;  // the kernel's ids of the threads that hang

  bool ok() const { return failures.empty(); }
  // Returns the seed with which a run begins with the round that failed.
  uint64_t FailingSeed() const;
  // Returns one line of figures.
  std::string Summary() const;
  // Returns what one of the failures says, with thread, round and seed.
  std::string Describe(const ContendedFailure& failure) const;
};

ContendedResult RunContended(ContendedOperation operation, ContendedOptions options = {});

}  // namespace detect
