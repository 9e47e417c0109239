// How many samples a second a litmus test takes, and how many of its batches overlapped.
//
//   store buffering, 2 actors     budget: >= 5,000,000 samples/s on 2 processors
//   independent reads, 4 actors   for comparison: more actors than processors here
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <vector>

#include "libdetect/harness/litmus.h"

namespace {

using detect::litmus::kCacheLineBytes;
using detect::litmus::LitmusTest;
using detect::litmus::Result;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr int kRuns = 5;

struct TwoVariables {
  alignas(kCacheLineBytes) std::atomic<int> x{0};
  alignas(kCacheLineBytes) std::atomic<int> y{0};
  int r1 = 0;
  int r2 = 0;
  auto Outcome() const { return std::array{r1, r2}; }
};

LitmusTest<TwoVariables> StoreBuffering() {
  LitmusTest<TwoVariables> test("store buffering, 2 actors");
  test.Actor([](TwoVariables& s) {
    s.x.store(1, kRelaxed);
    s.r1 = s.y.load(kRelaxed);
  });
  return test.Actor([](TwoVariables& s) {
    s.y.store(1, kRelaxed);
    s.r2 = s.x.load(kRelaxed);
  });
}

LitmusTest<TwoVariables> IndependentReads() {
  LitmusTest<TwoVariables> test("independent reads, 4 actors");
  test.Actor([](TwoVariables& s) { s.x.store(1, kRelaxed); });
  test.Actor([](TwoVariables& s) { s.y.store(1, kRelaxed); });
  test.Actor([](TwoVariables& s) { s.r1 = s.x.load(kRelaxed) - s.y.load(kRelaxed); });
  return test.Actor([](TwoVariables& s) { s.r2 = s.y.load(kRelaxed) - s.x.load(kRelaxed); });
}

void Measure(const LitmusTest<TwoVariables>& test) {
  std::vector<double> rates;
  Result result;
  for (int run = 0; run < kRuns; ++run) {
    result = test.Run();
    rates.push_back(result.samples / std::chrono::duration<double>(result.elapsed).count());
  }
  std::sort(rates.begin(), rates.end());
  std::printf("%-28s %5.1f million samples/s (%.1f to %.1f), %3.0f %% overlapped\n",
              result.name.c_str(), rates[kRuns / 2] / 1e6, rates.front() / 1e6, rates.back() / 1e6,
              100 * result.overlap);
}

}  // namespace

int main() {
  Measure(StoreBuffering());
  Measure(IndependentReads());
}
