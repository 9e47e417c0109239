// As bug_condition_relock, but the sender lets go of the condition's mutex first.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

lib::mutex session_lock;
lib::mutex inbox_lock;
lib::condition_variable inbox_filled;
bool inbox_full = false;
std::latch receiver_holds_both(1);

void Receive() {
  std::lock_guard hold_session(session_lock);
  std::unique_lock hold_inbox(inbox_lock);
  receiver_holds_both.count_down();
  inbox_filled.wait(hold_inbox, [] { return inbox_full; });
}

void Send() {
  receiver_holds_both.wait();
  std::unique_lock hold_inbox(inbox_lock);
  inbox_full = true;
  inbox_filled.notify_one();
  hold_inbox.unlock();
  std::lock_guard hold_session(session_lock);
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread receiver = scenario::Start("receiver", Receive);
  lib::thread sender = scenario::Start("sender", Send);
  receiver.join();
  sender.join();
}
