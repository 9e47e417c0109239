// What it costs to record a call for the check of linearizability: two events, of at most 100 ns
// each by the budget.
#include <benchmark/benchmark.h>

#include "libdetect/harness/history_recorder.h"
#include "libdetect/harness/models/register.h"

namespace {

using Register = detect::models::Register<int>;

constexpr int kCalls = 10'000;

void BM_RecordCall(benchmark::State& state) {
  detect::HistoryRecorder<Register> recorder(1, kCalls);
  int calls = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        recorder.Record(0, Register::Write(1), [] { return Register::Done(); }));
    if (++calls < kCalls) continue;
    state.PauseTiming();
    recorder.Take();
    calls = 0;
    state.ResumeTiming();
  }
  state.counters["events"] =
      benchmark::Counter(2.0 * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_RecordCall);

}  // namespace

BENCHMARK_MAIN();
