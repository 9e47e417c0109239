// A client puts all its requests before it takes a reply; both queues fill up.
#include "tests/scenarios/lib.h"

namespace {

constexpr int kRequests = 10;

detect::queue<int> requests(2, "requests");
detect::queue<int> replies(2, "replies");

void Ask() {
  for (int i = 0; i < kRequests; ++i) {
    requests.put(i);  // blocks
  }
  for (int i = 0; i < kRequests; ++i) replies.get();
}

void Answer() {
  for (int i = 0; i < kRequests; ++i) {
    const int request = requests.get();
    replies.put(request * request);  // blocks
  }
}

}  // namespace

int main() {
  scenario::Session session(scenario::Session::EndsWhenSuspected{});
  lib::thread client = scenario::Start("client", Ask);
  lib::thread server = scenario::Start("server", Answer);
  client.join();
  server.join();
}
