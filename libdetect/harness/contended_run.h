// ContendedRun is one call of RunContended: its rounds, and what its threads find.
//
//   Run ─► RunRound ─► Team ─► TakePart × threads, Watch ─► Judge, Measure ─► CheckAtRest
//                                   └── Fail, from any thread ──► failures_
//
// Context: tool. Threads: Run the caller's; what says so, any.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "libdetect/harness/contended.h"
#include "libdetect/harness/perturbation.h"
#include "libdetect/harness/team.h"
#include "libdetect/harness/test_framework.h"

namespace detect {

// One run. Its threads share it, so it lasts as long as the last that hangs.
class ContendedRun : public std::enable_shared_from_this<ContendedRun> {
 public:
  // `options.seed` has a value: what the environment says is in the options already.
  ContendedRun(ContendedOperation operation, ContendedOptions options)
      : operation_(std::move(operation)), options_(std::move(options)) {}

  ContendedResult Run();

  // From any thread.
  void Fail(ContendedFailure failure);

  // In the thread of an operation: it has forked, is the child, or is about to end the process.
  void Forked(const Contender& self);
  void BecameChild() { StopRound(); }
  void Exits(const Contender& self);

 private:
  class Turn;

  bool AreOptionsGood();
  bool MayBegin(uint64_t round) const;
  void RunRounds();
  void RunRound(Team& team, Team& checker);
  bool AwaitRound(Team& team) const;
  void Judge(const RoundResult& round);
  void Measure(const RoundResult& round);
  void TellHang(const RoundResult& round, const std::string& what);
  void CheckAtRest(Team& checker);
  void CheckOverlap();
  void CheckThreadsLeft(const std::vector<int32_t>& before);

  // In the threads.
  void TakePart(uint32_t index);
  void Watch();
  void Check(const Invariant& invariant, std::optional<uint32_t> thread);
  void TakeAssertions(AssertionScope* scope, std::optional<uint32_t> thread);
  void StopRound() { stop_.store(true, std::memory_order_relaxed); }

  bool CallHook(const char* name, const std::function<void()>& hook);
  bool IsChecked(Checked how) const;
  bool HasFailed() const;
  uint64_t Seed() const { return *options_.seed; }
  uint32_t Threads() const { return static_cast<uint32_t>(options_.threads); }

  // Constant after construction, but for the caller's set-up of a round.
  const ContendedOperation operation_;
  const ContendedOptions options_;
  const pid_t pid_ = getpid();
  uint64_t round_ = 0;
  std::chrono::steady_clock::time_point begin_by_;  // the last round, where the budget counts

  std::atomic<bool> stop_{false};  // no thread begins another call in this round
  std::atomic<uint32_t> busy_{0};  // threads that are in this round, the watcher not counted
  std::atomic<uint64_t> calls_{0};

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<ContendedFailure> failures_;
  uint64_t failures_left_out_ = 0;

  // The caller's only.
  ContendedResult result_;
  std::chrono::nanoseconds inside_{0};
  std::chrono::nanoseconds together_{0};
  std::vector<std::chrono::nanoseconds> spreads_;
};

}  // namespace detect
