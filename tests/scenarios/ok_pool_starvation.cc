// As bug_pool_starvation, but there is a third worker for what the two wait for.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

detect::thread_pool pool = detect::thread_pool::fixed(3, {.name = "jobs"});
std::latch both_run(2);

int CountLines() { return 1; }

int CountAll() {
  both_run.arrive_and_wait();
  detect::future<int> part = pool.submit(CountLines);
  return part.get();
}

}  // namespace

int main() {
  scenario::Session session;
  detect::future<int> first = pool.submit(CountAll);
  detect::future<int> second = pool.submit(CountAll);
  first.get();
  second.get();
}
