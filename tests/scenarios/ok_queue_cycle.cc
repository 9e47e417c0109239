// As bug_queue_cycle, but the client takes each reply before it puts the next request.
#include "tests/scenarios/lib.h"

namespace {

constexpr int kRequests = 10;

detect::queue<int> requests(2, "requests");
detect::queue<int> replies(2, "replies");

void Ask() {
  for (int i = 0; i < kRequests; ++i) {
    requests.put(i);
    replies.get();
  }
}

void Answer() {
  for (int i = 0; i < kRequests; ++i) {
    const int request = requests.get();
    replies.put(request * request);
  }
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread client = scenario::Start("client", Ask);
  lib::thread server = scenario::Start("server", Answer);
  client.join();
  server.join();
}
