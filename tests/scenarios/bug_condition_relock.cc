// A thread waits on a condition while it holds a second lock. The one that notifies it keeps the
// condition's mutex and wants that second lock: the wait can return only with the mutex.
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
  inbox_filled.wait(hold_inbox, [] { return inbox_full; });  // blocks
}

void Send() {
  receiver_holds_both.wait();
  std::lock_guard hold_inbox(inbox_lock);
  inbox_full = true;
  inbox_filled.notify_one();
  std::lock_guard hold_session(session_lock);  // blocks
}

}  // namespace

int main() {
  scenario::Session session;
  lib::thread receiver = scenario::Start("receiver", Receive);
  lib::thread sender = scenario::Start("sender", Send);
  receiver.join();
  sender.join();
}
