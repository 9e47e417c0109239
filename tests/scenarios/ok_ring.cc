// As bug_ring, but the last one takes its forks in the order of their numbers, as all others do:
// a chain of waits that runs out from one end.
#include <cstdlib>
#include <latch>
#include <vector>

#include "tests/scenarios/lib.h"

int main(int, char** argv) {
  scenario::Session session;
  const int seats = std::atoi(argv[1]);
  const int last = seats - 1;
  std::vector<lib::mutex> forks(seats);
  std::latch others_hold_one(last);
  std::vector<lib::thread> diners;
  for (int seat = 0; seat < last; ++seat) {
    diners.emplace_back([&, seat] {
      std::lock_guard left(forks[seat]);
      others_hold_one.arrive_and_wait();
      std::lock_guard right(forks[seat + 1]);
    });
  }
  diners.emplace_back([&] {
    others_hold_one.wait();
    std::lock_guard right(forks[0]);
    std::lock_guard left(forks[last]);
  });
  for (lib::thread& diner : diners) diner.join();
}
