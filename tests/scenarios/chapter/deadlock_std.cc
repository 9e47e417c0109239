// Two threads count under two locks, which they take in opposite order. Sooner or later each holds
// one and waits for the other; from then on the program hangs and says nothing.
//
// Nothing in it knows of detect: run it under `detect run`.
#include <pthread.h>

#include <mutex>
#include <thread>

namespace {

std::mutex lock_one;
std::mutex lock_two;
long counter = 0;

void CountForever(const char* name, std::mutex& first, std::mutex& second) {
  pthread_setname_np(pthread_self(), name);
  for (;;) {
    std::lock_guard hold_first(first);
    std::lock_guard hold_second(second);
    ++counter;
  }
}

}  // namespace

int main() {
  std::thread forward(CountForever, "thread #1", std::ref(lock_one), std::ref(lock_two));
  std::thread reversed(CountForever, "thread #2 (rev)", std::ref(lock_two), std::ref(lock_one));
  forward.join();
  reversed.join();
}
