// As bug_two_at_once, but all threads of a pair take its locks in the same order.
#include <vector>

#include "tests/scenarios/lib.h"

namespace {

struct Pair {
  lib::mutex left;
  lib::mutex right;
};

void Work(Pair& pair) {
  std::lock_guard hold_left(pair.left);
  std::lock_guard hold_right(pair.right);
}

}  // namespace

int main() {
  scenario::Session session;
  Pair pairs[2];
  std::vector<lib::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&pairs, i] { Work(pairs[i / 2]); });
  for (lib::thread& thread : threads) thread.join();
}
