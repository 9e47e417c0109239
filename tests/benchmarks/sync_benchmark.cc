// What a lock and an unlock cost, ours beside the standard's. Ratios are of cpu_time, per pair:
//
//   for each type:  <std>/uncontended   <detect>/uncontended   budget 1.25
//
// Contended: two threads take turns at one lock.
//
// Of the other types: a permit taken and given back, a count and a barrier of one, an initialiser
// that has run, and a notification that nobody waits for.
#include <benchmark/benchmark.h>

#include <barrier>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <semaphore>
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

template <typename Semaphore>
void Permit(benchmark::State& state) {
  static Semaphore semaphore(1);
  for (auto _ : state) {
    semaphore.acquire();
    benchmark::ClobberMemory();
    semaphore.release();
  }
}

template <typename Latch>
void CountDown(benchmark::State& state) {
  constexpr int kCount = 1'000'000;
  for (auto _ : state) {
    Latch latch(kCount);
    for (int i = 0; i < kCount; ++i) latch.count_down();
    latch.wait();
  }
}

template <typename Barrier>
void Phase(benchmark::State& state) {
  static Barrier barrier(1);
  for (auto _ : state) barrier.arrive_and_wait();
}

template <typename Flag>
void Once(benchmark::State& state) {
  static Flag flag;
  int runs = 0;
  for (auto _ : state) {
    call_once(flag, [&] { ++runs; });
    benchmark::ClobberMemory();
  }
}

template <typename Condition>
void NotifyNobody(benchmark::State& state) {
  static Condition condition;
  for (auto _ : state) {
    condition.notify_one();
    benchmark::ClobberMemory();
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
BENCHMARK(Uncontended<std::recursive_timed_mutex>);
BENCHMARK(Uncontended<detect::recursive_timed_mutex>);
BENCHMARK(Uncontended<std::shared_timed_mutex>);
BENCHMARK(Uncontended<detect::shared_timed_mutex>);
BENCHMARK(UncontendedShared<std::shared_timed_mutex>);
BENCHMARK(UncontendedShared<detect::shared_timed_mutex>);
BENCHMARK(Permit<std::counting_semaphore<>>);
BENCHMARK(Permit<detect::counting_semaphore<>>);
BENCHMARK(CountDown<std::latch>);
BENCHMARK(CountDown<detect::latch>);
BENCHMARK(Phase<std::barrier<>>);
BENCHMARK(Phase<detect::barrier<>>);
BENCHMARK(Once<std::once_flag>);
BENCHMARK(Once<detect::once_flag>);
BENCHMARK(NotifyNobody<std::condition_variable>);
BENCHMARK(NotifyNobody<detect::condition_variable>);
BENCHMARK(NotifyNobody<std::condition_variable_any>);
BENCHMARK(NotifyNobody<detect::condition_variable_any>);
BENCHMARK(Nested<std::mutex>);
BENCHMARK(Nested<detect::mutex>);
BENCHMARK(Contended<std::mutex>)->Threads(2)->UseRealTime();
BENCHMARK(Contended<detect::mutex>)->Threads(2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
