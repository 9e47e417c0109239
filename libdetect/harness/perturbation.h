// Perturbation makes bad schedules happen: a Scheduler that delays threads before their operations.
//
//   operation ──► ThreadScript: what the seed has for it ──none──► goes on
//                        └──delay──► worth it? ──no──► goes on
//                                        └──yes──► delays, and books the time ──► goes on
//
// What would be done is a function of the seed, the thread and its n-th operation (decisions.h).
// Whether it is done depends on what is left of the budget: all delays together may take a part of
// the run time, 10 % unless the options say otherwise, and a place that had more than its share of
// them waits until there is plenty. With a budget of 100 % hardly any is left out: so does a re-run
// what a seed has for it.
//
// Context: hot. Signal-safe: yes, and safe inside malloc. Threads: any; BeginRound one at a time.
// Cost: an operation without a delay some 50 ns.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libdetect/base/options.h"
#include "libdetect/base/schedule.h"
#include "libdetect/harness/decisions.h"

namespace detect {

struct PerturbedThread;  // what a thread keeps of the round it takes part in

struct PerturbationOptions {
  Perturb strategy = Perturb::kMixed;
  Percent intensity{50};
  Percent budget{10};
  // Whether kMixed moves threads to cores, too: that can be seen by the program.
  bool may_pin = true;
};

// A thread that was left behind in a delay comes out of it within milliseconds; ScopedScheduler
// waits for that.
class Perturbation : public Scheduler {
 public:
  explicit Perturbation(const PerturbationOptions& options);
  Perturbation(const Perturbation&) = delete;
  Perturbation& operator=(const Perturbation&) = delete;

  // From here on decisions are those of `seed`, and every thread counts its operations anew.
  // Nothing is done before the first one. Requires: no thread of the last round is still at work,
  // unless it was left behind.
  void BeginRound(uint64_t seed);

  // So far.
  uint64_t CountDelays() const { return delays_.load(std::memory_order_relaxed); }
  int64_t SpentNs() const { return spent_ns_.load(std::memory_order_relaxed); }

  void Before(const Operation& operation) override;
  // A thread that nobody told of gets a number of its own, in the order of the first operations.
  void ThreadStarts(uint32_t index) override;
  void ThreadEnds() override;

 protected:
  // Called with each decision, for tests.
  virtual void Decided(uint32_t thread, const Decision& decision) {}

 private:
  static constexpr uint32_t kStranger = 1u << 31;  // the first of those that nobody told of
  static constexpr size_t kSites = 256;
  static constexpr size_t kPairs = 1024;

  void Join(PerturbedThread* thread, uint32_t index);
  void Renew(PerturbedThread* thread);
  bool IsRare(uint64_t pc);
  bool IsWorthIt(const Decision& decision, uint64_t pc);
  void Carry(const Decision& decision);
  void StandBack(int64_t longest_ns);

  // Constant after construction.
  const PlanLimits limits_;
  const int64_t budget_;  // in percent
  const int64_t begin_ns_;

  // By BeginRound: the seed, then the number of the round, of all rounds in the process. 0: none.
  std::atomic<uint64_t> seed_{0};
  std::atomic<uint64_t> round_{0};
  std::atomic<uint32_t> strangers_{0};

  // What was done so far. Racy: a count that is lost now and then changes nothing.
  std::atomic<int64_t> spent_ns_{0};
  std::atomic<uint64_t> delays_{0};
  std::atomic<uint64_t> operations_{0};  // those that end a StandBack
  std::atomic<uint64_t> last_pc_{0};
  std::atomic<uint64_t> pairs_seen_{0};
  std::atomic<uint64_t> kinds_of_pairs_{0};
  std::atomic<uint64_t> places_{0};  // that had a delay
  std::array<std::atomic<uint32_t>, kSites> delays_at_{};
  std::array<std::atomic<uint32_t>, kPairs> pairs_{};
};

}  // namespace detect
