#include "libdetect/harness/contended.h"

#include <inttypes.h>
#include <stdlib.h>

#include <cstdio>
#include <memory>
#include <random>
#include <utility>

#include "libdetect/base/options.h"
#include "libdetect/harness/contended_run.h"

namespace detect {
namespace {

// Puts in what the environment says: its word is the last.
void Resolve(ContendedOptions& options) {
  Options set;
  SetOptionsFromEnvironment(set);
  if (set.perturb != Perturb::kOff) {
    options.perturbation = {
        .strategy = set.perturb, .intensity = set.perturb_intensity, .budget = set.perturb_budget};
  }
  if (const char* seed = getenv("DETECT_SEED")) {
    options.seed = strtoull(seed, nullptr, 0);
    options.perturbation.budget = Percent{100};
  } else if (set.seed != Seed{0}) {
    options.seed = static_cast<uint64_t>(set.seed);
  } else if (!options.seed) {
    // 32 bits: easy to type, and to add the number of a round to.
    options.seed = std::random_device()();
  }
}

}  // namespace

void Contender::Fail(const std::string& what) {
  run_.Fail({.what = what, .thread = index_, .round = round_});
}

uint64_t ContendedResult::FailingSeed() const {
  for (const ContendedFailure& failure : failures) {
    if (failure.round) return seed + *failure.round;
  }
  return seed;
}

std::string ContendedResult::Summary() const {
  char text[256];
  std::snprintf(text, sizeof(text),
                "%d threads, %" PRIu64 " rounds, %" PRIu64 " calls; overlap in %" PRIu64
                " rounds, %.0f %% of the time; start spread %.2f us; seed %" PRIu64,
                threads, rounds, calls, rounds_overlapped, overlap * 100,
                static_cast<double>(start_spread.count()) / 1e3, seed);
  return text;
}

std::string ContendedResult::Describe(const ContendedFailure& failure) const {
  std::string where;
  if (failure.thread) where += "contended worker " + std::to_string(*failure.thread) + ", ";
  if (failure.round) {
    where += "round " + std::to_string(*failure.round) + ", seed " +
             std::to_string(seed + *failure.round) + ": ";
  }
  return where + failure.what;
}

ContendedResult RunContended(ContendedOperation operation, ContendedOptions options) {
  Resolve(options);
  return std::make_shared<ContendedRun>(std::move(operation), std::move(options))->Run();
}

}  // namespace detect
