#include "libdetect/harness/decisions.h"

#include <algorithm>

namespace detect {
namespace {

constexpr uint32_t kMicrosecond = 1'000;
constexpr uint32_t kLongestSpin = 20 * kMicrosecond;
constexpr uint32_t kShortestSleep = kMicrosecond;
constexpr uint32_t kUsualIntensity = 50;

// Streams of numbers that no thread draws from.
enum Stream : uint64_t { kOfPlan = uint64_t{1} << 32, kOfChangePoints = uint64_t{2} << 32 };

// Returns one of 0 to `highest`, from the lower half of `random`.
uint32_t UpTo(uint64_t random, uint32_t highest) {
  return static_cast<uint32_t>((random & 0xFFFFFFFF) * (uint64_t{highest} + 1) >> 32);
}

// Returns a length up to `longest`, short ones as often as long ones: each doubling is as likely.
uint32_t Length(uint64_t random, uint32_t longest) {
  const uint32_t length = longest >> UpTo(random, 6);
  return std::max(length, kShortestSleep);
}

Perturb DrawStrategy(uint64_t random, bool may_pin) {
  constexpr Perturb kDrawn[] = {
      Perturb::kOff,        Perturb::kYield,      Perturb::kSpin,  Perturb::kSleep,
      Perturb::kPriorities, Perturb::kPriorities, Perturb::kFirst, Perturb::kPairs,
      Perturb::kWindows,    Perturb::kWindows,    Perturb::kPin,
  };
  constexpr uint32_t kLast = std::size(kDrawn) - 1;
  return kDrawn[UpTo(random, may_pin ? kLast : kLast - 1)];
}

}  // namespace

// The output function of SplitMix64: G. Steele et al., "Fast Splittable Pseudorandom Number
// Generators", OOPSLA 2014.
uint64_t Draw(uint64_t seed, uint64_t stream, uint64_t n) {
  uint64_t z = seed + stream * 0xD1342543DE82EF95u + (n + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

RoundPlan PlanOf(uint64_t seed, const PlanLimits& limits) {
  RoundPlan plan;
  plan.strategy = limits.strategy != Perturb::kMixed
                      ? limits.strategy
                      : DrawStrategy(Draw(seed, kOfPlan, 0), limits.may_pin);
  if (plan.strategy == Perturb::kPin) {
    plan.placement =
        UpTo(Draw(seed, kOfPlan, 1), 1) == 0 ? Placement::kOneCore : Placement::kOneCoreEach;
  }
  const auto intensity = static_cast<uint32_t>(limits.intensity);
  if (plan.strategy != Perturb::kOff && intensity > 0) {
    const uint32_t usual = 1u << UpTo(Draw(seed, kOfPlan, 2), 6);
    plan.odds = std::max(1u, usual * kUsualIntensity / intensity);
  }
  plan.longest_ns = (32 << UpTo(Draw(seed, kOfPlan, 3), 5)) * kMicrosecond;
  return plan;
}

// How long a round is, in operations, is not known when it begins: so the scale is drawn, too.
ThreadScript::ThreadScript(const RoundPlan& plan, uint64_t seed, uint32_t thread)
    : plan_(plan), seed_(seed), thread_(thread) {
  if (plan.strategy != Perturb::kPriorities || plan.odds == 0) return;
  const uint32_t scale = 4u << UpTo(Draw(seed, kOfChangePoints, 0), 6);
  for (size_t i = 0; i < kChangePoints; ++i) {
    change_points_[i] = UpTo(Draw(seed, kOfChangePoints + thread, i + 1), scale);
  }
}

Decision ThreadScript::Next(const Operation& operation) {
  const uint64_t random = Draw(seed_, thread_, count_++);
  // Each must see all operations.
  const bool is_window = IsWindow(operation);
  const bool is_first = IsFirst(operation.pc);
  const bool is_drawn = plan_.odds > 0 && UpTo(random, plan_.odds - 1) == 0;
  const bool is_even = plan_.odds > 0 && UpTo(random, 1) == 0;
  const uint32_t ns = Length(random >> 32, plan_.longest_ns);
  switch (plan_.strategy) {
    case Perturb::kYield:
    case Perturb::kPin:
      if (is_drawn) return {.delay = Delay::kYield};
      break;
    case Perturb::kSpin:
      if (is_drawn) return {.delay = Delay::kSpin, .ns = std::min(ns, kLongestSpin)};
      break;
    case Perturb::kSleep:
      if (is_drawn) return {.delay = Delay::kSleep, .ns = ns};
      break;
    case Perturb::kPriorities:
      if (IsChangePoint()) return {.delay = Delay::kStandBack, .ns = plan_.longest_ns};
      break;
    case Perturb::kWindows:
      if (is_window && is_even) return {.delay = Delay::kSleep, .ns = ns};
      break;
    case Perturb::kFirst:
      if (is_first && is_even) return {.delay = Delay::kSleep, .ns = ns};
      break;
    case Perturb::kPairs:
      if (is_even) return {.delay = Delay::kSleep, .if_rare = true, .ns = ns};
      break;
    case Perturb::kOff:
    case Perturb::kMixed:
      break;
  }
  return {};
}

// Where another thread may come in between two steps of this one: the user says so, or the thread
// comes back to what it has released not long ago, as after every condition wait.
bool ThreadScript::IsWindow(const Operation& operation) {
  if (operation.kind == OperationKind::kUser || operation.kind == OperationKind::kRetake) {
    return true;
  }
  if (operation.kind == OperationKind::kRelease) {
    released_[next_released_++ % kReleased] = operation.object;
    return false;
  }
  return operation.object != nullptr &&
         std::find(released_.begin(), released_.end(), operation.object) != released_.end();
}

bool ThreadScript::IsFirst(uint64_t pc) {
  const auto end = sites_.begin() + static_cast<ptrdiff_t>(sites_used_);
  if (sites_used_ == kSites || std::find(sites_.begin(), end, pc) != end) return false;
  sites_[sites_used_++] = pc;
  return true;
}

bool ThreadScript::IsChangePoint() const {
  return std::find(change_points_.begin(), change_points_.end(), count_) != change_points_.end();
}

}  // namespace detect
