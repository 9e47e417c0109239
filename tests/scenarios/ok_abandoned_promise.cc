// As bug_abandoned_promise, but the promise moves into the thread, and breaks when that gives up.
#include <utility>

#include "tests/scenarios/lib.h"

namespace {

void Compute(detect::promise<int> answer, bool possible) {
  if (possible) answer.set_value(42);
}

}  // namespace

int main() {
  scenario::Session session;
  detect::promise<int> answer;
  detect::future<int> result = answer.get_future();
  lib::thread computer = scenario::Start(
      "computer", [answer = std::move(answer)]() mutable { Compute(std::move(answer), false); });
  bool is_broken = false;
  try {
    result.get();
  } catch (const detect::future_error&) {
    is_broken = true;
  }
  computer.join();
  return is_broken ? 0 : 1;
}
