// How many items a second go through a queue, ours beside the plain one that people write: a
// std::mutex and two std::condition_variables around a std::deque.
//
//   1 producer, 1 consumer        4 producers, 4 consumers       budget: >= 0.9 x plain
//
// The two take turns within one run, and the ratio is that of the medians.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "libdetect/tasks/queue.h"

namespace {

class PlainQueue {
 public:
  explicit PlainQueue(size_t maxsize) : maxsize_(maxsize) {}

  void put(int item) {
    std::unique_lock hold(mutex_);
    not_full_.wait(hold, [this] { return items_.size() < maxsize_; });
    items_.push_back(item);
    not_empty_.notify_one();
  }

  int get() {
    std::unique_lock hold(mutex_);
    not_empty_.wait(hold, [this] { return !items_.empty(); });
    const int item = items_.front();
    items_.pop_front();
    not_full_.notify_one();
    return item;
  }

 private:
  const size_t maxsize_;
  std::mutex mutex_;
  std::condition_variable not_empty_;
  std::condition_variable not_full_;
  std::deque<int> items_;
};

constexpr size_t kPlaces = 128;
constexpr int kItems = 400'000;
constexpr int kRounds = 9;

// Returns items a second.
template <typename Queue>
double Throughput(int pairs) {
  Queue items(kPlaces);
  std::vector<std::thread> threads;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < pairs; ++i) {
    threads.emplace_back([&items, count = kItems / pairs] {
      for (int item = 0; item < count; ++item) items.put(item);
    });
    threads.emplace_back([&items, count = kItems / pairs] {
      for (int item = 0; item < count; ++item) items.get();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return kItems / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

void Compare(int pairs) {
  std::vector<double> plain;
  std::vector<double> ours;
  for (int round = 0; round < kRounds; ++round) {
    plain.push_back(Throughput<PlainQueue>(pairs));
    ours.push_back(Throughput<detect::queue<int>>(pairs));
  }
  std::printf("%d producers, %d consumers: plain %6.2f, detect::queue %6.2f million items/s", pairs,
              pairs, Median(plain) / 1e6, Median(ours) / 1e6);
  std::printf("   ratio %.2f (budget: at least 0.90)\n", Median(ours) / Median(plain));
}

}  // namespace

int main() {
  Compare(1);
  Compare(4);
}
