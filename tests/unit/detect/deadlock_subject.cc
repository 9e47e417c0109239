// A program for cli_test.py: two threads take two locks in opposite order and never come back.
//
//   deadlock_subject          waits for them, for ever
//   deadlock_subject killed   kills itself by SIGKILL once its standard input ends
//   deadlock_subject child    lets a child do all this, and waits for it
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <latch>
#include <mutex>
#include <string_view>
#include <thread>

std::mutex accounts;
std::mutex audit;
std::latch both_hold_one(2);

void Take(const char* name, std::mutex& first, std::mutex& second) {
  pthread_setname_np(pthread_self(), name);
  std::lock_guard hold_first(first);
  both_hold_one.arrive_and_wait();
  std::lock_guard hold_second(second);
}

int main(int argc, char** argv) {
  alarm(60);
  std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "child" && fork() != 0) {
    wait(nullptr);
    return 0;
  }
  std::thread writer(Take, "writer", std::ref(accounts), std::ref(audit));
  std::thread auditor(Take, "auditor", std::ref(audit), std::ref(accounts));
  if (mode == "killed") {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    raise(SIGKILL);
  }
  writer.join();
  auditor.join();
}
