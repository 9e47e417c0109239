// Both workers of a pool wait for tasks that queue behind them.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

detect::thread_pool pool = detect::thread_pool::fixed(2, {.name = "jobs"});
std::latch both_run(2);

int CountLines() { return 1; }

int CountAll() {
  both_run.arrive_and_wait();
  detect::future<int> part = pool.submit(CountLines);
  return part.get();  // blocks
}

}  // namespace

int main() {
  scenario::Session session;
  detect::future<int> first = pool.submit(CountAll);
  detect::future<int> second = pool.submit(CountAll);
  first.get();
  second.get();
}
