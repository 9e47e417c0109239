// What the contention harness costs, and how closely its threads start: medians over all rounds.
//
//   an empty round of 20 threads                        budget: <= 2 ms
//   10,000 rounds of 20 threads × 100 operations        budget: <= 10 s
//   between the first starts on each core               budget: <= 5 us
//
// Threads that share a core cannot start together: of 20 threads on 2 cores the spread is that of
// the first on either core.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <vector>

#include "libdetect/harness/contended.h"
#include "libdetect/harness/team.h"
#include "libdetect/sync/mutex.h"

namespace {

using std::chrono::duration;

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kRounds = 10'000;
constexpr int kThreads = 20;
constexpr int kOperations = 100;

const char* Judge(bool is_met) { return is_met ? "ok" : "MISSED"; }

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

void MeasureRounds(size_t threads) {
  detect::Team team(threads);
  std::vector<double> rounds_us;
  std::vector<double> spreads_us;
  for (int i = 0; i < kRounds; ++i) {
    const auto start = steady_clock::now();
    const detect::RoundResult round = team.RunRound([](uint32_t) {}, start + seconds(60));
    rounds_us.push_back(duration<double, std::micro>(steady_clock::now() - start).count());
    const detect::StartSpread spread = detect::SpreadOf(round.Times());
    if (spread.cores < 2) continue;
    spreads_us.push_back(duration<double, std::micro>(spread.between_cores).count());
  }
  std::printf("%2zu threads, empty round: %6.1f us   %s", threads, Median(rounds_us),
              Judge(Median(rounds_us) <= 2000));
  if (!spreads_us.empty()) {
    std::printf("   start spread %5.2f us over %.1f %% of the rounds   %s", Median(spreads_us),
                100.0 * spreads_us.size() / kRounds, Judge(Median(spreads_us) <= 5));
  }
  std::printf("\n");
}

template <typename Work>
void MeasureRun(const char* name, detect::Perturb perturb, Work work) {
  const auto start = steady_clock::now();
  const detect::ContendedResult result =
      detect::RunContended(work, {.threads = kThreads,
                                  .rounds = kRounds,
                                  .timeout = seconds(60),
                                  .calls = kOperations,
                                  .perturbation = {.strategy = perturb}});
  const double took = duration<double>(steady_clock::now() - start).count();
  std::printf("%s: %5.2f s   %s\n    %s\n", name, took, Judge(took <= 10),
              result.Summary().c_str());
  for (const detect::ContendedFailure& failure : result.failures) {
    std::printf("    %s\n", result.Describe(failure).c_str());
  }
}

}  // namespace

int main() {
  for (const size_t threads : {2, kThreads}) MeasureRounds(threads);
  std::atomic<uint64_t> counter{0};
  MeasureRun("10,000 rounds of 20 threads x 100 atomic additions", detect::Perturb::kMixed,
             [&counter] { counter.fetch_add(1, std::memory_order_relaxed); });
  detect::mutex lock("counter");
  uint64_t locked_counter = 0;
  const auto count = [&] {
    const std::lock_guard hold(lock);
    ++locked_counter;
  };
  MeasureRun("the same behind a detect::mutex, not perturbed", detect::Perturb::kOff, count);
  MeasureRun("the same behind a detect::mutex, perturbed", detect::Perturb::kMixed, count);
}
