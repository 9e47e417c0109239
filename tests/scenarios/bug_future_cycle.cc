// Two tasks wait for each other's result.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

detect::shared_future<int> price;
detect::shared_future<int> rebate;
std::latch both_known(1);

int FindPrice() {
  both_known.wait();
  return 100 - rebate.get();  // blocks
}

int FindRebate() {
  both_known.wait();
  return price.get() / 10;  // blocks
}

}  // namespace

int main() {
  scenario::Session session;
  detect::thread_pool pool = detect::thread_pool::fixed(2, {.name = "shop"});
  price = pool.submit(FindPrice).share();
  rebate = pool.submit(FindRebate).share();
  both_known.count_down();
  price.get();
}
