// As bug_queue_join, but the consumer says so, and ends when the queue is closed.
#include "tests/scenarios/lib.h"

namespace {

detect::queue<int> jobs(0, "jobs");

void Consume() {
  try {
    for (;;) {
      jobs.get();
      jobs.task_done();
    }
  } catch (const detect::queue_closed&) {
  }
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread consumer = scenario::Start("consumer", Consume);
  for (int i = 0; i < 3; ++i) jobs.put(i);
  jobs.join();
  jobs.close();
  consumer.join();
}
