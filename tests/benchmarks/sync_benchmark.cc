// What a lock and an unlock cost, ours beside the standard's. Ratios are of cpu_time, per pair:
//
//   for each type:  <std>/uncontended   <detect>/uncontended   budget 1.25
//
// Contended: two threads take turns at one lock.
#include <benchmark/benchmark.h>

#include <mutex>
#include <shared_mutex>

#include "libdetect/sync/sync.h"

namespace {

template <typename Lock>
void Uncontended(benchmark::State& state) {
  static Lock lock;
  for (auto _ : state) {
    lock.lock();
    benchmark::ClobberMemory();
    lock.unlock();
  }
}

template <typename Lock>
void UncontendedShared(benchmark::State& state) {
  static Lock lock;
  for (auto _ : state) {
    lock.lock_shared();
    benchmark::ClobberMemory();
    lock.unlock_shared();
  }
}

template <typename Lock>
void Nested(benchmark::State& state) {
  static Lock outer;
  static Lock inner;
  for (auto _ : state) {
    outer.lock();
    inner.lock();
    benchmark::ClobberMemory();
    inner.unlock();
    outer.unlock();
  }
}

template <typename Lock>
void Contended(benchmark::State& state) {
  static Lock lock;
  static int shared = 0;
  for (auto _ : state) {
    std::lock_guard hold(lock);
    benchmark::DoNotOptimize(++shared);
  }
}

BENCHMARK(Uncontended<std::mutex>);
BENCHMARK(Uncontended<detect::mutex>);
BENCHMARK(Uncontended<std::recursive_mutex>);
BENCHMARK(Uncontended<detect::recursive_mutex>);
BENCHMARK(Uncontended<std::timed_mutex>);
BENCHMARK(Uncontended<detect::timed_mutex>);
BENCHMARK(Uncontended<std::shared_mutex>);
BENCHMARK(Uncontended<detect::shared_mutex>);
BENCHMARK(UncontendedShared<std::shared_mutex>);
BENCHMARK(UncontendedShared<detect::shared_mutex>);
BENCHMARK(Nested<std::mutex>);
BENCHMARK(Nested<detect::mutex>);
BENCHMARK(Contended<std::mutex>)->Threads(2)->UseRealTime();
BENCHMARK(Contended<detect::mutex>)->Threads(2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
