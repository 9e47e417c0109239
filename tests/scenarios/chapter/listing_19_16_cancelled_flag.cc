// Work that looks at a flag now and then, by which it can be cancelled. jthread brings such a flag
// along: its stop_token.
//
// Prints:
//   cancelled by its flag, after some stuff
//   cancelled by its stop_token, after some stuff
#include <atomic>
#include <cstdio>
#include <stop_token>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/jthread.h"
#include "libdetect/sync/latch.h"
#include "libdetect/sync/thread.h"

namespace {

class DoSomething {
 public:
  void operator()() {
    while (!cancelled_) DoStuff();
  }
  void operator()(const std::stop_token& token) {
    while (!token.stop_requested()) DoStuff();
  }

  void Cancel() { cancelled_ = true; }
  void AwaitSomeStuff() { some_stuff_.wait(); }

 private:
  void DoStuff() {
    if (!some_stuff_.try_wait()) some_stuff_.count_down();
  }

  std::atomic<bool> cancelled_ = false;
  detect::latch some_stuff_{1, "some stuff"};
};

}  // namespace

int main() {
  detect::Monitor monitor;

  DoSomething by_flag;
  detect::thread worker({.name = "worker"}, [&by_flag] { by_flag(); });
  by_flag.AwaitSomeStuff();
  by_flag.Cancel();
  worker.join();
  std::printf("cancelled by its flag, after some stuff\n");

  DoSomething by_token;
  detect::jthread stoppable({.name = "stoppable"},
                            [&by_token](std::stop_token token) { by_token(token); });
  by_token.AwaitSomeStuff();
  stoppable.request_stop();
  stoppable.join();
  std::printf("cancelled by its stop_token, after some stuff\n");
}
