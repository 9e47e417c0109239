// main waits until all jobs are done, but the consumer never says that one is.
#include "tests/scenarios/lib.h"

namespace {

detect::queue<int> jobs(0, "jobs");

void Consume() {
  for (;;) {
    jobs.get();  // blocks
  }
}

}  // namespace

int main() {
  scenario::Session session(scenario::Session::EndsWhenSuspected{});
  lib::thread consumer = scenario::Start("consumer", Consume);
  for (int i = 0; i < 3; ++i) jobs.put(i);
  jobs.join();  // blocks
  consumer.join();
}
