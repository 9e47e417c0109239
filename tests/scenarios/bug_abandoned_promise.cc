// The thread that was to keep a promise gives up on it, and the promise lives on.
#include "tests/scenarios/lib.h"

namespace {

detect::promise<int> answer;

void Compute(bool possible) {
  if (possible) answer.set_value(42);
}

}  // namespace

int main() {
  scenario::Session session(scenario::Session::EndsWhenSuspected{});
  detect::future<int> result = answer.get_future();
  scenario::Start("computer", [] { Compute(false); }).join();
  result.get();  // blocks
}
