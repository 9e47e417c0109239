// N threads around a table: each holds the fork on its left and wants the one on its right.
// The argument is N.
#include <cstdlib>
#include <latch>
#include <vector>

#include "tests/scenarios/lib.h"

int main(int, char** argv) {
  scenario::Session session;
  const int seats = std::atoi(argv[1]);
  std::vector<lib::mutex> forks(seats);
  std::latch each_holds_one(seats);
  std::vector<lib::thread> diners;
  for (int seat = 0; seat < seats; ++seat) {
    diners.emplace_back([&, seat] {
      std::lock_guard left(forks[seat]);
      each_holds_one.arrive_and_wait();
      std::lock_guard right(forks[(seat + 1) % seats]);  // blocks
    });
  }
  for (lib::thread& diner : diners) diner.join();
}
