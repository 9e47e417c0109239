// A queue between two producers and three consumers: with a bound, with join() to wait until all
// that was put is done, and with a poison at last, which ends the consumers.
//
// Prints:
//   the jobs add up to 10100
//   put_nowait: queue: no free place in time
//   get_nowait: queue: no item in time
//   the most urgent first: 1 2 3
//   one task_done() too many, says the monitor: task-done
#include <atomic>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <vector>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/jthread.h"
#include "libdetect/tasks/queue.h"

namespace {

constexpr int kPoison = -1;

void ProduceAndConsume() {
  detect::queue<int> jobs(4, "jobs");
  std::atomic<int> sum = 0;
  std::vector<detect::jthread> consumers;
  for (int i = 0; i < 3; ++i) {
    consumers.emplace_back(detect::thread_options{.name = "consumer"}, [&] {
      while (const std::optional<int> job = jobs.get_unless(kPoison)) {
        sum += *job;
        jobs.task_done();
      }
    });
  }
  {
    std::vector<detect::jthread> producers;
    for (int i = 0; i < 2; ++i) {
      producers.emplace_back(detect::thread_options{.name = "producer"}, [&jobs] {
        for (int job = 1; job <= 100; ++job) jobs.put(job);
      });
    }
  }
  jobs.join();
  std::printf("the jobs add up to %d\n", sum.load());
  jobs.put(kPoison);
  consumers.clear();
}

void DoNotWait() {
  detect::queue<int> one_place(1, "one place");
  try {
    one_place.put_nowait(1);
    one_place.put_nowait(2);
  } catch (const detect::queue_full& error) {
    std::printf("put_nowait: %s\n", error.what());
  }
  try {
    one_place.get_nowait();
    one_place.get_nowait();
  } catch (const detect::queue_empty& error) {
    std::printf("get_nowait: %s\n", error.what());
  }
}

void TakeTheMostUrgentFirst() {
  detect::priority_queue<int> urgent;
  for (const int job : {3, 1, 2}) urgent.put(job);
  std::printf("the most urgent first:");
  while (!urgent.empty()) std::printf(" %d", urgent.get());
  std::printf("\n");
}

void DoMoreThanThereIs(detect::Monitor& monitor) {
  detect::queue<int> jobs(0, "jobs");
  try {
    jobs.task_done();
  } catch (const std::logic_error&) {
    monitor.ScanNow();
    for (const detect::Finding& finding : monitor.report().findings) {
      std::printf("one task_done() too many, says the monitor: %s\n", finding.rule.c_str());
    }
  }
}

}  // namespace

int main() {
  detect::Monitor::Options quiet;
  quiet.callback = [](const detect::Finding&, const detect::Report&) {};
  detect::Monitor monitor(quiet);

  ProduceAndConsume();
  DoNotWait();
  TakeTheMostUrgentFirst();
  DoMoreThanThereIs(monitor);
}
