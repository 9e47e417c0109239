#include "libdetect/harness/litmus_run.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <iterator>
#include <utility>

#include "libdetect/harness/team.h"

namespace detect::litmus {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMinActors = 2;
constexpr size_t kMaxActors = 4;
constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24);
constexpr int kSpins = 1000;  // some 30 us

// Short batches start the actors together often; long ones let them drift apart. In order, they
// meet the cache lines that were just fetched ahead; out of order, those that were not.
constexpr Stride kStrides[] = {
    {.states = 16, .step = 1},
    {.states = 128, .step = 1},
    {.states = kMaxStates, .step = 37},
};
static_assert((kMaxStates & (kMaxStates - 1)) == 0);

enum class Placement { kUnpinned, kNextToEachOther, kApartAndReversed };
constexpr Placement kPlacements[] = {Placement::kUnpinned, Placement::kNextToEachOther,
                                     Placement::kApartAndReversed};

struct Phase {
  Placement placement;
  Stride stride;
};

// Every placement with every stride, in turn.
constexpr size_t kPhases = std::size(kPlacements) * std::size(kStrides);
Phase PhaseOf(size_t n) {
  return {.placement = kPlacements[n / std::size(kStrides)],
          .stride = kStrides[n % std::size(kStrides)]};
}

// The processors that the caller may run on, and pinning the caller to some of them.
class Processors {
 public:
  Processors() {
    CPU_ZERO(&allowed_);
    // On a machine with more processors than the set can hold this fails; then nothing is pinned.
    if (sched_getaffinity(0, sizeof(allowed_), &allowed_) != 0) return;
    for (int n = 0; n < CPU_SETSIZE; ++n) {
      if (CPU_ISSET(n, &allowed_)) numbers_.push_back(n);
    }
  }

  size_t count() const { return numbers_.size(); }

  // A thread that cannot be pinned runs where the system likes, as in the first placement.
  void Place(Placement placement, size_t actor, size_t actors) const {
    if (numbers_.empty()) return;
    cpu_set_t set = allowed_;
    if (placement != Placement::kUnpinned) {
      size_t which = actor;
      if (placement == Placement::kApartAndReversed) {
        which = (actors - 1 - actor) * std::max<size_t>(1, count() / actors);
      }
      CPU_ZERO(&set);
      CPU_SET(numbers_[which % count()], &set);
    }
    sched_setaffinity(0, sizeof(set), &set);
  }

 private:
  cpu_set_t allowed_;
  std::vector<int> numbers_;
};

// Lets all pass once all have come. Spins a little, since on free processors the others are near,
// and then gives way to them.
class SpinBarrier {
 public:
  SpinBarrier(size_t threads, int spins) : threads_(threads), spins_(spins) {}

  // Returns false once the run was given up.
  bool Await() {
    const uint32_t turn = turn_.load(std::memory_order_relaxed);  // it ends with this thread's help
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
      arrived_.store(0, std::memory_order_relaxed);  // nobody else comes before the turn has ended
      turn_.store(turn + 1, std::memory_order_release);
      return true;
    }
    int spins = 0;
    while (turn_.load(std::memory_order_acquire) == turn) {  // pairs with the last one's store
      if (given_up_.load(std::memory_order_relaxed)) return false;
      if (++spins < spins_) {
        __builtin_ia32_pause();
      } else {
        sched_yield();
      }
    }
    return true;
  }

  void GiveUp() { given_up_.store(true, std::memory_order_relaxed); }

 private:
  const size_t threads_;
  const int spins_;
  alignas(kCacheLineBytes) std::atomic<size_t> arrived_{0};
  alignas(kCacheLineBytes) std::atomic<uint32_t> turn_{0};
  std::atomic<bool> given_up_{false};
};

// What the actors' threads share. It lives until the last of them is gone, which may be never.
class Runner {
 public:
  Runner(std::shared_ptr<Subject> subject, size_t actors, Clock::duration budget)
      : subject_(std::move(subject)),
        actors_(actors),
        budget_(budget),
        start_(Clock::now()),
        barrier_(actors, actors <= processors_.count() ? kSpins : 0),
        workers_(actors) {}

  // What one thread does: its actor, and its part of the counting. Where that throws, the run ends.
  void Work(size_t me) {
    try {
      WorkUntilTheEnd(me);
    } catch (...) {
      GiveUp();
      throw;
    }
  }

  // Sends all away that come to a barrier.
  void GiveUp() { barrier_.GiveUp(); }

  // Returns "actor 2", or "the arbiter", as thread 1 may be running it.
  std::string WhatRuns(size_t thread) const {
    if (!workers_[thread].acting.load(std::memory_order_relaxed)) return "the arbiter";
    return "actor " + std::to_string(thread + 1);
  }

  // Fills in what was seen. Requires: the threads are back.
  void Report(Result& result) const {
    result.samples = samples_;
    result.elapsed = Clock::now() - start_;
    if (batches_ > 0) result.overlap = static_cast<double>(overlapped_) / batches_;
    Counts counts = subject_->Counted();
    for (Row& row : result.rows) {
      if (auto node = counts.seen.extract(row.outcome)) row.samples = node.mapped();
    }
    for (const auto& [outcome, samples] : counts.seen) {
      result.rows.push_back({.outcome = outcome, .samples = samples});
    }
    if (counts.others > 0) result.rows.push_back({.samples = counts.others});
  }

 private:
  struct alignas(kCacheLineBytes) Worker {
    // When its actor ran in this batch. By the thread itself; by the first one after the barrier.
    Clock::time_point begin;
    Clock::time_point end;
    std::atomic<bool> acting{false};  // Racy read; it only says where a thread hangs.
  };

  void WorkUntilTheEnd(size_t me) {
    size_t phase = kPhases;
    while (barrier_.Await()) {  // all states are fresh
      if (next_phase_ == kPhases) return;
      if (phase != next_phase_) {
        phase = next_phase_;
        processors_.Place(PhaseOf(phase).placement, me, actors_);
      }
      const Stride stride = PhaseOf(phase).stride;
      Act(me, stride);
      if (!barrier_.Await()) return;  // all actors have ended
      subject_->Collect(me, stride.states * me / actors_, stride.states * (me + 1) / actors_);
      if (me == 0) EndBatch(stride);
    }
  }

  void Act(size_t me, const Stride& stride) {
    Worker& worker = workers_[me];
    worker.acting.store(true, std::memory_order_relaxed);
    worker.begin = Clock::now();
    subject_->RunActor(me, stride);
    worker.end = Clock::now();
    worker.acting.store(false, std::memory_order_relaxed);
  }

  // By the first thread, while the others count.
  void EndBatch(const Stride& stride) {
    ++batches_;
    if (Overlapped()) ++overlapped_;
    samples_ += stride.states;
    // Each phase gets its part of the budget, and at least one batch.
    const Clock::duration elapsed = Clock::now() - start_;
    if (elapsed * kPhases >= budget_ * (next_phase_ + 1)) ++next_phase_;
  }

  // Whether two actors at least ran at the same time.
  bool Overlapped() const {
    for (size_t i = 1; i < actors_; ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (std::max(workers_[i].begin, workers_[j].begin) <
            std::min(workers_[i].end, workers_[j].end)) {
          return true;
        }
      }
    }
    return false;
  }

  // Constant after construction.
  const std::shared_ptr<Subject> subject_;
  const size_t actors_;
  const Clock::duration budget_;
  const Processors processors_;
  const Clock::time_point start_;

  SpinBarrier barrier_;
  std::vector<Worker> workers_;

  // By the first thread while the others count; they read the phase between the barriers.
  size_t next_phase_ = 0;
  uint64_t samples_ = 0;
  uint64_t batches_ = 0;
  uint64_t overlapped_ = 0;
};

std::string TextOf(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "what is no std::exception";
  }
}

// Returns what kept the threads from running the test to its end, or "".
std::string WhatWentWrong(const RoundResult& round, const Runner& runner) {
  for (size_t i = 0; i < round.members.size(); ++i) {
    const MemberResult& member = round.members[i];
    switch (member.outcome) {
      case Outcome::kReturned:
        break;
      case Outcome::kThrew:
        return runner.WhatRuns(i) + " threw: " + TextOf(member.error);
      case Outcome::kMissing:
        return runner.WhatRuns(i) + " did not end";
      case Outcome::kLeft:
        return runner.WhatRuns(i) + " ended its thread";
    }
  }
  return "";
}

// Returns why the test cannot be run, or "".
std::string WhyNot(const Plan& plan, const Options& options) {
  if (plan.actors < kMinActors || plan.actors > kMaxActors) {
    return "a litmus test has " + std::to_string(kMinActors) + " to " + std::to_string(kMaxActors) +
           " actors, and this one has " + std::to_string(plan.actors);
  }
  if (options.budget <= options.budget.zero()) return "the budget must be more than nothing";
  if (options.budget > kLongest) return "the budget must be at most a day";
  if (options.patience < options.patience.zero()) return "the patience must not be negative";
  if (options.patience > kLongest) return "the patience must be at most a day";
  for (auto row = plan.graded.begin(); row != plan.graded.end(); ++row) {
    const bool again = std::any_of(plan.graded.begin(), row, [&](const Row& earlier) {
      return earlier.outcome == row->outcome;
    });
    if (again) return "outcome " + OutcomeText(row->outcome) + " is graded twice";
  }
  return "";
}

std::vector<std::string> ThreadNames(const Plan& plan) {
  std::vector<std::string> names;
  for (size_t i = 1; i <= plan.actors; ++i) {
    names.push_back(plan.name + " actor " + std::to_string(i));
  }
  return names;
}

}  // namespace

Result Refuse(const Plan& plan, const Options& options) {
  return {.name = plan.name, .rows = plan.graded, .error = WhyNot(plan, options)};
}

Result RunSubject(const Plan& plan, std::shared_ptr<Subject> subject, const Options& options) {
  Result result{.name = plan.name, .rows = plan.graded};
  Team team(ThreadNames(plan));
  const auto runner = std::make_shared<Runner>(std::move(subject), plan.actors, options.budget);

  team.StartRound([runner](uint32_t index) { runner->Work(index); });
  if (!team.AwaitRound(Clock::now() + options.budget + options.patience)) {
    // Those that wait for the one that hangs are not the ones to be named.
    runner->GiveUp();
    team.AwaitRound(Clock::now() + options.patience);
  }
  const RoundResult round = team.EndRound();

  result.error = WhatWentWrong(round, *runner);
  const bool all_back =
      std::none_of(round.members.begin(), round.members.end(),
                   [](const MemberResult& member) { return member.outcome == Outcome::kMissing; });
  if (all_back) runner->Report(result);
  return result;
}

}  // namespace detect::litmus
