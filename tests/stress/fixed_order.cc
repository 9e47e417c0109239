// 64 threads take 32 locks, several at a time, always in the order of their numbers: plenty of
// waiting and no deadlock, ever. The argument is for how many seconds.
//
// Each lock guards a count. What the locks counted must be what the threads counted.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "tests/scenarios/lib.h"

namespace {

constexpr int kThreads = 64;
constexpr int kLocks = 32;

struct Account {
  lib::mutex lock;
  long count = 0;  // guarded by lock
};

std::array<Account, kLocks> accounts;

// Takes each lock with a chance of one in eight, in order, counts under all of them, lets go.
int CountOnce(std::minstd_rand& random) {
  std::vector<std::unique_lock<lib::mutex>> held;
  for (Account& account : accounts) {
    if (random() % 8 != 0) continue;
    held.emplace_back(account.lock);
    ++account.count;
  }
  if (random() % 16 == 0) std::this_thread::yield();
  return static_cast<int>(held.size());
}

}  // namespace

int main(int, char** argv) {
  scenario::Session session;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  std::array<long, kThreads> counted = {};
  std::vector<lib::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&counted, end, i] {
      std::minstd_rand random(i + 1);
      while (std::chrono::steady_clock::now() < end) counted[i] += CountOnce(random);
    });
  }
  for (lib::thread& thread : threads) thread.join();

  long by_locks = 0;
  for (const Account& account : accounts) by_locks += account.count;
  long by_threads = 0;
  for (long count : counted) by_threads += count;
  std::printf("%ld acquisitions\n", by_locks);
  return by_locks == by_threads && by_locks > 0 ? 0 : 1;
}
