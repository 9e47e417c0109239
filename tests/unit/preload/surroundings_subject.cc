// A small program to be run in bad surroundings, and one that must be stopped.

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/unit/preload/subject.h"

using subject::InThread;
using subject::Say;

// How many tasks the kernel knows of in this process.
static int CountTasks() {
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return -1;
  int count = 0;
  while (const dirent* entry = readdir(tasks)) count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}

CASE(Work) {
  std::vector<std::mutex> mutexes(100);
  std::vector<std::thread> threads;
  int count = 0;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        for (std::mutex& mutex : mutexes) mutex.lock();
        ++count;
        for (std::mutex& mutex : mutexes) mutex.unlock();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Say("count %d", count);
}

CASE(HandOver) {
  std::mutex mutex;
  for (int i = 0; i < 200; ++i) {
    mutex.lock();
    InThread([&] { mutex.unlock(); });
  }
}

CASE(MakeAnew) {
  InThread([] {});
  pthread_mutex_t mutex;
  for (int i = 0; i < 200; ++i) {
    pthread_mutex_init(&mutex, nullptr);
    pthread_mutex_lock(&mutex);
  }
}

CASE(CountOfTasks) {
  std::mutex mutex;
  { std::lock_guard<std::mutex> lock(mutex); }
  Say("alone: %d", CountTasks());
  InThread([] { Say("with a thread: %d", CountTasks()); });
}

// Where the C library sees it, it refuses the second join; otherwise both wait for ever.
CASE(TwoThreadsJoinEachOther) {
  static pthread_t first = pthread_self();
  static std::atomic<int> tid{0};
  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        tid = gettid();
        pthread_join(first, nullptr);
        return nullptr;
      },
      nullptr);
  while (tid == 0) sched_yield();
  subject::WaitUntilAsleep(tid);
  if (pthread_join(thread, nullptr) == EDEADLK) _exit(66);
}
