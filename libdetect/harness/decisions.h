// What perturbation would do before each operation of one thread: numbers alone, nothing is done
// here.
//
//   (seed, strategy, intensity) ──PlanOf──► RoundPlan           the same for all threads of a round
//   (plan, seed, thread index) ──► ThreadScript ──Next(operation)──► Decision           n-th by
//   n-th
//
// A decision depends on the seed, the thread's index, and what that thread has done so far in the
// round; on no clock, no address's value and no other thread. So the same seed makes the same
// decisions wherever the threads do the same.
//
// The strategies:
//
//   yield       gives the processor away
//   spin        loses time on the processor
//   sleep       loses time off the processor
//   pin         as yield, with all threads on one core, or each on one that is drawn
//   priorities  a thread stands back, at points that are drawn beforehand, until others have got
//               on. After S. Burckhardt et al., "A Randomized Scheduler with Probabilistic
//               Guarantees of Finding Bugs", ASPLOS 2010; here threads run at once all the same.
//   windows     sleeps between a thread's release of a lock and its next use of it
//   first       sleeps where the thread comes to a place for the first time in the round
//   pairs       sleeps where what another thread did last is rarely followed by this
//   mixed       draws one of these for each round, and now and then none: which one helps is not
//               known beforehand. After A. Groce et al., "Swarm Testing", ISSTA 2012.
//
// Context: hot. Threads: a script belongs to its thread. Memory: a script is some 400 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "libdetect/base/options.h"
#include "libdetect/base/schedule.h"

namespace detect {

enum class Delay : uint8_t {
  kNone,
  kYield,
  kSpin,
  kSleep,
  kStandBack,  // until others have got on, or the time is over
};

struct Decision {
  Delay delay = Delay::kNone;
  bool if_rare = false;  // only where the pair of sites is rare
  uint32_t ns = 0;       // at most

  friend bool operator==(const Decision&, const Decision&) = default;
};

enum class Placement : uint8_t { kAnywhere, kOneCore, kOneCoreEach };

// What all threads of a round have in common.
struct RoundPlan {
  Perturb strategy = Perturb::kOff;  // never kMixed
  Placement placement = Placement::kAnywhere;
  uint32_t odds = 0;        // one operation in so many qualifies; 0: none
  uint32_t longest_ns = 0;  // of one delay
};

// What may be drawn.
struct PlanLimits {
  Perturb strategy = Perturb::kMixed;
  Percent intensity{50};
  bool may_pin = true;  // whether kMixed draws kPin, too
};

RoundPlan PlanOf(uint64_t seed, const PlanLimits& limits);

// A number drawn from `seed` for the `n`-th time by number `stream`.
uint64_t Draw(uint64_t seed, uint64_t stream, uint64_t n);

class ThreadScript {
 public:
  ThreadScript() = default;
  ThreadScript(const RoundPlan& plan, uint64_t seed, uint32_t thread);

  // Returns what is to be done before the thread's next operation.
  Decision Next(const Operation& operation);

  // The number of operations so far.
  uint64_t count() const { return count_; }

 private:
  static constexpr size_t kChangePoints = 3;
  static constexpr size_t kReleased = 4;
  static constexpr size_t kSites = 32;  // who comes by more is no longer new anywhere

  bool IsWindow(const Operation& operation);
  bool IsFirst(uint64_t pc);
  bool IsChangePoint() const;

  RoundPlan plan_;
  uint64_t seed_ = 0;
  uint32_t thread_ = 0;
  uint64_t count_ = 0;
  std::array<uint64_t, kChangePoints> change_points_{};  // in operations; 0: before none
  std::array<const volatile void*, kReleased> released_{};
  size_t next_released_ = 0;
  std::array<uint64_t, kSites> sites_{};
  size_t sites_used_ = 0;
};

}  // namespace detect
