// What one decision costs: rings of blocked threads, the worst case, and the usual case that all
// run.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/snapshot/snapshot.h"
#include "tests/testing/snapshot_builder.h"

namespace detect {
namespace {

void FindDeadlockInRing(benchmark::State& state) {
  Snapshot ring = RingOfMutexes(static_cast<uint32_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(FindDeadlocks(ring));
}
BENCHMARK(FindDeadlockInRing)
    ->Arg(100)
    ->Arg(1'000)
    ->Arg(4'000)
    ->Arg(10'000)
    ->Unit(benchmark::kMicrosecond);

// The same threads and locks, but one thread runs, so that every wait will end.
void FindNothingInChain(benchmark::State& state) {
  Snapshot chain = RingOfMutexes(static_cast<uint32_t>(state.range(0)));
  chain.threads[0].state = ThreadState::kRunning;
  chain.threads[0].wait.reset();
  for (auto _ : state) benchmark::DoNotOptimize(FindDeadlocks(chain));
}
BENCHMARK(FindNothingInChain)->Arg(4'000)->Unit(benchmark::kMicrosecond);

void FindNothingWhereNobodyWaits(benchmark::State& state) {
  Snapshot running = RingOfMutexes(static_cast<uint32_t>(state.range(0)));
  for (Thread& thread : running.threads) {
    thread.state = ThreadState::kRunning;
    thread.wait.reset();
  }
  for (auto _ : state) benchmark::DoNotOptimize(FindDeadlocks(running));
}
BENCHMARK(FindNothingWhereNobodyWaits)->Arg(4'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace detect

BENCHMARK_MAIN();
