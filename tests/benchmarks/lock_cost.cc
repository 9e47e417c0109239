// What lock() and unlock() cost: the program that lock_cost_benchmark runs plain, linked and
// preloaded.
//
//   lock_cost                 measures every case, and prints a line each:
//                             name, then ns, cycles and instructions per operation (0: not counted)
//   lock_cost CASE COUNT      runs one case that often and prints nothing, for a tool that counts
//
// The single-threaded cases come first: glibc drops the lock prefix until a thread is made.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "tests/benchmarks/counters.h"

#ifdef LOCK_COST_LINKED
#include "libdetect/sync/sync.h"
using Mutex = detect::mutex;
using Thread = detect::thread;
#else
#include <mutex>
using Mutex = std::mutex;
using Thread = std::thread;
#endif

namespace detect::benchmarks {
namespace {

constexpr int kBatches = 51;
constexpr int kBatchSize = 10'000;

Mutex g_outer;
Mutex g_inner;
long g_guarded = 0;  // by g_outer

void Uncontended(int count) {
  for (int i = 0; i < count; ++i) {
    g_outer.lock();
    g_outer.unlock();
  }
}

void Nested(int count) {
  for (int i = 0; i < count; ++i) {
    g_outer.lock();
    g_inner.lock();
    g_inner.unlock();
    g_outer.unlock();
  }
}

void Increment(int count) {
  for (int i = 0; i < count; ++i) {
    g_outer.lock();
    ++g_guarded;
    g_outer.unlock();
  }
}

// A second thread that is there and does nothing, so that glibc locks in earnest.
class Bystander {
 public:
  Bystander() : thread_([this] { done_.wait(false); }) {}
  ~Bystander() {
    done_ = true;
    done_.notify_one();
    thread_.join();
  }

 private:
  std::atomic<bool> done_{false};
  Thread thread_;
};

// Two threads at one lock. So many times that starting the second does not count.
void Contended(int count) {
  Thread other(Increment, count);
  Increment(count);
  other.join();
}

struct Case {
  const char* name;
  void (*run)(int count);
  bool is_threaded;
};
constexpr Case kCases[] = {
    {"uncontended-single", Uncontended, false},
    {"nested-single", Nested, false},
    {"uncontended", Uncontended, true},
    {"nested", Nested, true},
};

double Median(std::vector<double> values) {
  auto middle = values.begin() + static_cast<long>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void Print(const char* name, const Cost& cost) {
  std::printf("%s %.3f %.3f %.3f\n", name, cost.ns, cost.cycles, cost.instructions);
}

// The median over batches: one that another process disturbs does not count.
void Measure(const Case& measured) {
  Counters counters;
  std::vector<double> ns;
  std::vector<double> cycles;
  std::vector<double> instructions;
  for (int batch = 0; batch < kBatches; ++batch) {
    Cost before = counters.Read();
    measured.run(kBatchSize);
    Cost after = counters.Read();
    ns.push_back((after.ns - before.ns) / kBatchSize);
    cycles.push_back((after.cycles - before.cycles) / kBatchSize);
    instructions.push_back((after.instructions - before.instructions) / kBatchSize);
  }
  Print(measured.name,
        {.ns = Median(ns), .cycles = Median(cycles), .instructions = Median(instructions)});
}

// By the clock on the wall: sleeping is part of the cost.
void MeasureContended() {
  constexpr int kContendedBatches = 11;
  constexpr int kContendedBatchSize = 500'000;  // of each thread
  std::vector<double> ns;
  for (int batch = 0; batch < kContendedBatches; ++batch) {
    auto begin = std::chrono::steady_clock::now();
    Contended(kContendedBatchSize);
    std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - begin;
    ns.push_back(elapsed.count() / (2 * kContendedBatchSize));
  }
  Print("contended", {.ns = Median(ns)});
}

void MeasureAll() {
  for (const Case& measured : kCases) {
    if (!measured.is_threaded) Measure(measured);
  }
  Bystander bystander;
  for (const Case& measured : kCases) {
    if (measured.is_threaded) Measure(measured);
  }
  MeasureContended();
}

bool RunCase(const char* name, int count) {
  for (const Case& found : kCases) {
    if (std::strcmp(found.name, name) != 0) continue;
    std::optional<Bystander> bystander;
    if (found.is_threaded) bystander.emplace();
    found.run(count);
    return true;
  }
  return false;
}

}  // namespace
}  // namespace detect::benchmarks

int main(int argc, char** argv) {
  if (argc == 1) {
    detect::benchmarks::MeasureAll();
    return 0;
  }
  if (argc == 3 && detect::benchmarks::RunCase(argv[1], std::atoi(argv[2]))) return 0;
  std::fprintf(stderr, "usage: lock_cost [CASE COUNT]\n");
  return 2;
}
