#include "libdetect/harness/perturbation.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace detect {
namespace {

// What may be spent before there was any run time to speak of.
constexpr int64_t kHeadStartNs = 2'000'000;
// What a yield is booked as.
constexpr int64_t kYieldNs = 1'000;
// How many operations of others a thread stands back for.
constexpr uint64_t kOthersOperations = 32;

constexpr uint64_t kOperationsOfAPlan = 256;
// The stream of numbers that the plans of a long round are drawn from.
constexpr uint64_t kOfRenewals = uint64_t{3} << 32;

constinit std::atomic<uint64_t> g_rounds{0};

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// By a system call of its own: the C library's sleep is a place where a thread can be cancelled.
// A signal ends it early.
void SleepFor(int64_t ns) {
  const timespec length{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
  syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &length, nullptr);
}

void SpinUntil(int64_t end_ns) {
  while (NowNs() < end_ns) __builtin_ia32_pause();
}

size_t Hash(uint64_t value, size_t size) { return Draw(value, 0, 0) % size; }

// Returns the set of the `n`-th, counted round, of the cores in `allowed`.
cpu_set_t OneOf(const cpu_set_t& allowed, uint64_t n) {
  cpu_set_t one;
  CPU_ZERO(&one);
  const auto count = static_cast<uint64_t>(CPU_COUNT(&allowed));
  if (count == 0) return allowed;
  size_t core = 0;
  for (uint64_t left = n % count + 1;; ++core) {
    if (CPU_ISSET(core, &allowed) && --left == 0) break;
  }
  CPU_SET(core, &one);
  return one;
}

}  // namespace

struct PerturbedThread {
  uint64_t round = 0;  // 0: in none
  uint32_t index = 0;
  uint64_t seed = 0;  // of the current plan
  bool is_placed = false;
  cpu_set_t cores = {};  // where it may run at all; only where it is placed
  ThreadScript script;
};

// Hidden, and at a fixed place in a thread's memory: reached without a call, in the shim, too.
thread_local constinit PerturbedThread t_perturbed
    __attribute__((visibility("hidden"), tls_model("initial-exec"))){};

namespace {

// Takes back what Place did.
void Displace(PerturbedThread* thread) {
  if (!thread->is_placed) return;
  sched_setaffinity(0, sizeof(cpu_set_t), &thread->cores);
  thread->is_placed = false;
}

void Place(PerturbedThread* thread, Placement placement, uint64_t random) {
  Displace(thread);
  if (placement == Placement::kAnywhere) return;
  if (sched_getaffinity(0, sizeof(cpu_set_t), &thread->cores) != 0) return;
  const cpu_set_t core = OneOf(thread->cores, random);
  thread->is_placed = sched_setaffinity(0, sizeof(cpu_set_t), &core) == 0;
}

}  // namespace

Perturbation::Perturbation(const PerturbationOptions& options)
    : limits_{.strategy = options.strategy,
              .intensity = options.intensity,
              .may_pin = options.may_pin},
      budget_(static_cast<int64_t>(options.budget)),
      begin_ns_(NowNs()) {}

void Perturbation::BeginRound(uint64_t seed) {
  seed_.store(seed, std::memory_order_relaxed);
  strangers_.store(0, std::memory_order_relaxed);
  round_.store(g_rounds.fetch_add(1) + 1, std::memory_order_release);  // with Before, ThreadStarts
}

void Perturbation::ThreadStarts(uint32_t index) { Join(&t_perturbed, index); }

void Perturbation::ThreadEnds() {
  Displace(&t_perturbed);
  t_perturbed.round = 0;
}

void Perturbation::Join(PerturbedThread* thread, uint32_t index) {
  thread->round = round_.load(std::memory_order_acquire);
  thread->index = index;
  thread->seed = seed_.load(std::memory_order_relaxed);
  const RoundPlan plan = PlanOf(thread->seed, limits_);
  thread->script = ThreadScript(plan, thread->seed, index);
  const uint64_t core = plan.placement == Placement::kOneCoreEach ? index : 0;
  Place(thread, plan.placement, Draw(thread->seed, core, 0));
}

// In a long round, or a program that has only one, the thread goes on as if in the next.
void Perturbation::Renew(PerturbedThread* thread) {
  PlanLimits limits = limits_;
  limits.may_pin = false;
  thread->seed = Draw(thread->seed, kOfRenewals, 0);
  thread->script = ThreadScript(PlanOf(thread->seed, limits), thread->seed, thread->index);
}

void Perturbation::Before(const Operation& operation) {
  PerturbedThread& self = t_perturbed;
  const uint64_t round = round_.load(std::memory_order_acquire);
  if (round == 0) return;
  // A thread that somebody told of keeps its number where it goes on into the next round.
  if (self.round == 0) {
    Join(&self, kStranger + strangers_.fetch_add(1, std::memory_order_relaxed));
  } else if (self.round != round) {
    Join(&self, self.index);
  } else if (self.script.count() == kOperationsOfAPlan) {
    Renew(&self);
  }
  const Decision decision = self.script.Next(operation);
  Decided(self.index, decision);
  operations_.fetch_add(1, std::memory_order_relaxed);
  const bool is_due = !decision.if_rare || IsRare(operation.pc);
  if (decision.delay == Delay::kNone || !is_due || !IsWorthIt(decision, operation.pc)) return;
  Carry(decision);
}

// Whether what any thread did last has been followed by `pc` less often than is usual.
bool Perturbation::IsRare(uint64_t pc) {
  const uint64_t last_pc = last_pc_.exchange(pc, std::memory_order_relaxed);
  std::atomic<uint32_t>& count = pairs_[Hash(last_pc * 31 + pc, kPairs)];
  const uint32_t seen = count.fetch_add(1, std::memory_order_relaxed);
  if (seen == 0) kinds_of_pairs_.fetch_add(1, std::memory_order_relaxed);
  const uint64_t all = pairs_seen_.fetch_add(1, std::memory_order_relaxed);
  return seen * kinds_of_pairs_.load(std::memory_order_relaxed) <= all;
}

// Books the delay, unless the budget does not have it, or this place has had more than twice its
// share and half of the budget is spent.
bool Perturbation::IsWorthIt(const Decision& decision, uint64_t pc) {
  const int64_t ns = std::max<int64_t>(decision.ns, kYieldNs);
  const int64_t allowed = kHeadStartNs + (NowNs() - begin_ns_) / 100 * budget_;
  const int64_t spent = spent_ns_.load(std::memory_order_relaxed);
  if (spent + ns > allowed) return false;

  std::atomic<uint32_t>& here = delays_at_[Hash(pc, kSites)];
  const uint64_t count = here.load(std::memory_order_relaxed);
  const uint64_t all = delays_.load(std::memory_order_relaxed);
  const uint64_t places = places_.load(std::memory_order_relaxed);
  if (count * places > 2 * all && spent > allowed / 2) return false;

  if (here.fetch_add(1, std::memory_order_relaxed) == 0) {
    places_.fetch_add(1, std::memory_order_relaxed);
  }
  delays_.fetch_add(1, std::memory_order_relaxed);
  spent_ns_.fetch_add(ns, std::memory_order_relaxed);
  return true;
}

void Perturbation::Carry(const Decision& decision) {
  switch (decision.delay) {
    case Delay::kYield:
      sched_yield();
      break;
    case Delay::kSpin:
      SpinUntil(NowNs() + decision.ns);
      break;
    case Delay::kSleep:
      SleepFor(decision.ns);
      break;
    case Delay::kStandBack:
      StandBack(decision.ns);
      break;
    case Delay::kNone:
      break;
  }
}

void Perturbation::StandBack(int64_t longest_ns) {
  constexpr int64_t kPieces = 8;
  const uint64_t from = operations_.load(std::memory_order_relaxed);
  for (int64_t i = 0; i < kPieces; ++i) {
    if (operations_.load(std::memory_order_relaxed) - from >= kOthersOperations) return;
    SleepFor(longest_ns / kPieces);
  }
}

}  // namespace detect
