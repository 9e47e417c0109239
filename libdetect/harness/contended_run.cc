#include "libdetect/harness/contended_run.h"

#include <cxxabi.h>
#include <sched.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <system_error>
#include <typeinfo>
#include <utility>

#include "libdetect/base/schedule.h"
#include "libdetect/harness/hang_report.h"
#include "libdetect/harness/operation_guards.h"
#include "libdetect/harness/process_threads.h"
#include "libdetect/harness/round_times.h"
#include "libdetect/monitor/monitor.h"

namespace detect {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using Kind = ContendedFailure::Kind;

// More of one round say nothing new.
constexpr size_t kMaxFailures = 20;
// Rounds whose start spread the median is of.
constexpr size_t kMaxSpreads = 1 << 16;
// How often a round that is not over is looked at for threads that can never come back.
constexpr milliseconds kDeadlockLook{100};
// How long a thread that was joined may still be seen, and one that was detached may take to end.
constexpr milliseconds kThreadEnd{200};

std::string TypeName(const std::type_info& type) {
  int status = 0;
  char* demangled = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string name = demangled == nullptr ? type.name() : demangled;
  free(demangled);
  return name;
}

// Of the exception that is being handled.
std::string DescribeException() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  std::string name = type == nullptr ? "something" : TypeName(*type);
  try {
    throw;
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (const std::exception& error) {
    return name + ": " + error.what();
  } catch (...) {
    return name;
  }
}

std::string DescribeException(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (...) {
    return DescribeException();
  }
}

std::string Count(uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string Seconds(nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g s", std::chrono::duration<double>(time).count());
  return text;
}

}  // namespace

// A thread's turn in one round: what assertions say is caught while it lasts.
class ContendedRun::Turn {
 public:
  Turn(ContendedRun& run, const Contender& self) : run_(run), self_(self), guard_(run, self) {}
  ~Turn() {
    TakeAssertions();
    run_.calls_.fetch_add(calls, std::memory_order_relaxed);
    run_.busy_.fetch_sub(1, std::memory_order_relaxed);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  void TakeAssertions() { run_.TakeAssertions(scope_.get(), self_.index()); }

  uint64_t calls = 0;

 private:
  ContendedRun& run_;
  const Contender& self_;
  const ScopedOperation guard_;
  const std::unique_ptr<AssertionScope> scope_ = CatchAssertions();
};

void ContendedRun::Fail(ContendedFailure failure) {
  if (failure.fatal) StopRound();
  const std::lock_guard hold(mutex_);
  if (failures_.size() < kMaxFailures) {
    failures_.push_back(std::move(failure));
  } else {
    ++failures_left_out_;
  }
}

void ContendedRun::Forked(const Contender& self) {
  Fail({.kind = Kind::kForbidden,
        .what = "the operation forked: the child has one thread, and locks that nobody in it will "
                "unlock",
        .thread = self.index(),
        .round = self.round(),
        .fatal = true});
}

void ContendedRun::Exits(const Contender& self) {
  if (getpid() != pid_) return;  // a forked child may
  ContendedResult so_far;
  so_far.seed = Seed();
  TellExit(so_far.Describe({.kind = Kind::kForbidden,
                            .what = "the operation called exit",
                            .thread = self.index(),
                            .round = self.round()}));
  _exit(1);
}

bool ContendedRun::HasFailed() const {
  const std::lock_guard hold(mutex_);
  return !failures_.empty();
}

bool ContendedRun::IsChecked(Checked how) const {
  return std::any_of(options_.invariants.begin(), options_.invariants.end(),
                     [how](const Invariant& invariant) { return invariant.checked == how; });
}

bool ContendedRun::AreOptionsGood() {
  const auto refuse = [this](const std::string& what) {
    Fail({.kind = Kind::kOptions, .what = "refused: " + what});
  };
  if (options_.threads < 1) {
    refuse("threads is " + std::to_string(options_.threads) + "; it takes at least 1");
  } else if (options_.threads == 1 && options_.require_overlap) {
    refuse("one thread contends with nobody; for a run of one set require_overlap = false");
  }
  if (options_.timeout <= nanoseconds::zero()) refuse("timeout is not above 0");
  if (options_.calls < 1) refuse("calls is " + std::to_string(options_.calls) + "; at least 1");
  if (options_.rounds < 0) refuse("rounds is below 0; 0 takes as many as the budget allows");
  if (options_.rounds == 0 && options_.budget <= nanoseconds::zero()) {
    refuse("neither rounds nor budget is above 0");
  }
  for (const Invariant& invariant : options_.invariants) {
    if (!invariant.holds) refuse("invariant \"" + invariant.name + "\" has no function");
  }
  return !HasFailed();
}

bool ContendedRun::MayBegin(uint64_t round) const {
  if (HasFailed()) return false;
  if (options_.rounds > 0) return round < static_cast<uint64_t>(options_.rounds);
  return round == 0 || steady_clock::now() < begin_by_;
}

ContendedResult ContendedRun::Run() {
  result_.threads = options_.threads;
  if (AreOptionsGood()) {
    const std::vector<int32_t> before = ProcessThreads();
    begin_by_ = steady_clock::now() + options_.budget;
    try {
      RunRounds();
    } catch (const std::system_error& error) {
      Fail({.kind = Kind::kOptions, .what = std::string("no threads to be had: ") + error.what()});
    }
    if (!HasFailed()) CheckThreadsLeft(before);
    if (!HasFailed() && options_.require_overlap) CheckOverlap();
  }
  result_.seed = Seed();
  result_.calls = calls_;
  if (inside_.count() > 0) {
    result_.overlap = static_cast<double>(together_.count()) / static_cast<double>(inside_.count());
  }
  if (!spreads_.empty()) {
    const auto middle = spreads_.begin() + static_cast<ptrdiff_t>(spreads_.size() / 2);
    std::nth_element(spreads_.begin(), middle, spreads_.end());
    result_.start_spread = *middle;
  }
  const std::lock_guard hold(mutex_);
  result_.failures = failures_;
  if (failures_left_out_ > 0) {
    result_.failures.push_back({.what = "and " + Count(failures_left_out_, "more failure")});
  }
  return result_;
}

void ContendedRun::RunRounds() {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < Threads(); ++i) names.push_back("contended worker " + std::to_string(i));
  if (IsChecked(Checked::kByWatcher)) names.emplace_back("invariant watcher");
  Team team(std::move(names));
  Team checker(std::vector<std::string>{"invariant checker"});
  Perturbation perturbation(options_.perturbation);
  std::optional<ScopedScheduler> installed;  // else whoever is installed already stays
  if (options_.perturbation.strategy != Perturb::kOff) installed.emplace(&perturbation);
  while (MayBegin(result_.rounds)) {
    round_ = result_.rounds++;
    perturbation.BeginRound(Seed() + round_);
    RunRound(team, checker);
  }
}

void ContendedRun::RunRound(Team& team, Team& checker) {
  stop_.store(false, std::memory_order_relaxed);
  busy_.store(Threads(), std::memory_order_relaxed);
  if (!CallHook("set_up", options_.set_up)) return;
  for (const Invariant& invariant : options_.invariants) {
    if (!CallHook("before_round", invariant.before_round)) return;
  }
  // Its own reference, for threads that are left behind.
  team.StartRound([self = shared_from_this()](uint32_t index) { self->TakePart(index); });
  const bool is_over = AwaitRound(team);
  StopRound();
  const RoundResult round = team.EndRound();
  Measure(round);
  Judge(round);
  if (!is_over) return;
  if (!HasFailed()) CheckAtRest(checker);
  if (result_.left_behind.empty()) CallHook("tear_down", options_.tear_down);
}

bool ContendedRun::AwaitRound(Team& team) const {
  const steady_clock::time_point deadline = steady_clock::now() + options_.timeout;
  for (;;) {
    if (team.AwaitRound(std::min(deadline, steady_clock::now() + kDeadlockLook))) return true;
    if (steady_clock::now() >= deadline) return false;
    const std::vector<int32_t> ours = team.Tids();
    for (const DeadlockedThread& thread : FindDeadlockedThreads()) {
      if (std::find(ours.begin(), ours.end(), thread.tid) != ours.end()) return false;
    }
  }
}

void ContendedRun::Measure(const RoundResult& round) {
  std::vector<ThreadTimes> times;
  for (uint32_t i = 0; i < Threads(); ++i) {
    if (round.members[i].has_begun) times.push_back(round.members[i].times);
  }
  const Overlap overlap = OverlapOf(times);
  inside_ += overlap.inside;
  together_ += overlap.together;
  if (overlap.together.count() > 0) ++result_.rounds_overlapped;
  const StartSpread spread = SpreadOf(times);
  if (spread.cores < 2) return;
  ++result_.rounds_on_many_cores;
  if (spreads_.size() < kMaxSpreads) spreads_.push_back(spread.between_cores);
}

void ContendedRun::Judge(const RoundResult& round) {
  uint32_t missing = 0;
  for (uint32_t i = 0; i < round.members.size(); ++i) {
    const MemberResult& member = round.members[i];
    const std::optional<uint32_t> thread = i < Threads() ? std::optional(i) : std::nullopt;
    switch (member.outcome) {
      case Outcome::kReturned:
        break;
      case Outcome::kMissing:
        ++missing;
        break;
      case Outcome::kThrew:
        Fail({.kind = Kind::kThrew,
              .what = "the operation threw " + DescribeException(member.error),
              .thread = thread,
              .round = round_});
        break;
      case Outcome::kLeft:
        Fail({.kind = Kind::kForbidden,
              .what = "the operation ended its thread, as pthread_exit does",
              .thread = thread,
              .round = round_});
        break;
    }
  }
  if (missing == 0) return;
  TellHang(round, std::to_string(missing) + " of " + Count(round.members.size(), "thread") +
                      " did not come back");
}

void ContendedRun::TellHang(const RoundResult& round, const std::string& what) {
  for (const MemberResult& member : round.members) {
    if (member.outcome == Outcome::kMissing) result_.left_behind.push_back(member.tid);
  }
  const HangReport hang = DescribeHang(result_.left_behind);
  const std::string why = hang.is_deadlock ? ": deadlock" : " within " + Seconds(options_.timeout);
  Fail({.kind = Kind::kHang, .what = what + why + "\n" + hang.text, .round = round_});
}

void ContendedRun::CheckAtRest(Team& checker) {
  if (options_.invariants.empty()) return;
  const RoundResult looked = checker.RunRound(
      [self = shared_from_this()](uint32_t) {
        const std::unique_ptr<AssertionScope> scope = CatchAssertions();
        for (const Invariant& invariant : self->options_.invariants) {
          self->Check(invariant, std::nullopt);
        }
        self->TakeAssertions(scope.get(), std::nullopt);
      },
      steady_clock::now() + options_.timeout);
  if (looked.members.front().outcome == Outcome::kMissing) {
    TellHang(looked, "the invariants were not looked at to the end");
  }
}

void ContendedRun::CheckOverlap() {
  if (result_.rounds_overlapped > 0) return;
  Fail({.kind = Kind::kNoOverlap,
        .what = "no two threads were ever inside the operation at once, in " +
                Count(result_.rounds, "round") +
                ": this run has shown nothing. Let it take longer: more calls, more rounds, more "
                "work in it"});
}

void ContendedRun::CheckThreadsLeft(const std::vector<int32_t>& before) {
  if (options_.may_leave_threads) return;
  const std::vector<int32_t> left = ThreadsLeft(before, steady_clock::now() + kThreadEnd);
  if (left.empty()) return;
  Fail({.kind = Kind::kForbidden,
        .what = "the operation left " + Count(left.size(), "thread") +
                " running, which may use what the test has destroyed. Join what it makes, or set "
                "may_leave_threads\n" +
                DescribeHang(left).text});
}

void ContendedRun::TakePart(uint32_t index) {
  if (index == Threads()) return Watch();
  Contender self(*this, index, round_, Seed() + round_);
  Turn turn(*this, self);
  const bool is_checking = IsChecked(Checked::kByThreads);
  try {
    for (int64_t call = 0; call < options_.calls; ++call) {
      if (stop_.load(std::memory_order_relaxed)) break;
      self.call_ = static_cast<uint64_t>(call);
      operation_(self);
      ++turn.calls;
      turn.TakeAssertions();
      if (!is_checking) continue;
      for (const Invariant& invariant : options_.invariants) {
        if (invariant.checked == Checked::kByThreads) Check(invariant, index);
      }
    }
  } catch (...) {
    StopRound();
    throw;
  }
}

void ContendedRun::Watch() {
  const std::unique_ptr<AssertionScope> scope = CatchAssertions();
  while (busy_.load(std::memory_order_relaxed) > 0 && !stop_.load(std::memory_order_relaxed)) {
    for (const Invariant& invariant : options_.invariants) {
      if (invariant.checked == Checked::kByWatcher) Check(invariant, std::nullopt);
    }
    TakeAssertions(scope.get(), std::nullopt);
    sched_yield();
  }
}

void ContendedRun::Check(const Invariant& invariant, std::optional<uint32_t> thread) {
  std::string error;
  try {
    if (invariant.holds()) return;
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    error = ": it threw " + DescribeException();
  }
  Fail({.kind = Kind::kInvariant,
        .what = "it is not so that " + invariant.name + error,
        .thread = thread,
        .round = round_,
        .fatal = true});
}

void ContendedRun::TakeAssertions(AssertionScope* scope, std::optional<uint32_t> thread) {
  if (scope == nullptr) return;
  std::vector<ContendedFailure> failures;
  scope->Take(failures);
  for (ContendedFailure& failure : failures) {
    failure.thread = thread;
    failure.round = round_;
    Fail(std::move(failure));
  }
}

bool ContendedRun::CallHook(const char* name, const std::function<void()>& hook) {
  if (!hook) return true;
  try {
    hook();
    return true;
  } catch (...) {
    Fail({.kind = Kind::kThrew,
          .what = std::string(name) + " threw " + DescribeException(),
          .round = round_});
    return false;
  }
}

}  // namespace detect
