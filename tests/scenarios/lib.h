// What every scenario is written against: std:: or, with SCENARIO_LINKED, the same things of
// detect::.
//
//   bug_ab_ba.cc ──┬─► bug_ab_ba         std::, run under `detect run` and under LD_PRELOAD
//                  └─► bug_ab_ba_linked  detect::, which watches itself
//
// A scenario forces its own schedule: latches order what threads do while they can, and
// BlockingPoint tells when one can no longer. None sleeps and hopes.
#pragma once

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <utility>

#ifdef SCENARIO_LINKED
#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/sync.h"
#include "libdetect/tasks/tasks.h"
namespace lib = detect;
#else
namespace lib = std;
#endif

namespace scenario {

// Stands at the top of main. A scenario that nobody ends, ends itself after a minute.
class Session {
 public:
  Session() { alarm(60); }

#ifdef SCENARIO_LINKED
  // For a program that hangs for good but whose deadlock cannot be proven: detect would go on
  // watching. Ends it with exit code 66 once it is reported.
  struct EndsWhenSuspected {};
  explicit Session(EndsWhenSuspected) : monitor_(OptionsToEnd()) { alarm(60); }

 private:
  static detect::Monitor::Options OptionsToEnd() {
    detect::Monitor::Options options = detect::Monitor::OptionsFromEnvironment();
    options.callback = [](const detect::Finding& finding, const detect::Report&) {
      if (finding.verdict == detect::Verdict::kSuspected) _exit(66);
    };
    return options;
  }

  detect::Monitor monitor_;
#endif
};

// Starts a thread under a name of at most 15 characters, where std::thread gives none.
template <typename Body>
lib::thread Start(const char* name, Body body) {
#ifdef SCENARIO_LINKED
  return lib::thread(detect::thread_options{.name = name}, std::move(body));
#else
  return lib::thread([name, body = std::move(body)]() mutable {
    pthread_setname_np(pthread_self(), name);
    body();
  });
#endif
}

// One thread says that it is about to block on an object; another waits until it does.
class BlockingPoint {
 public:
  // Called by the thread that blocks next, on `object`.
  template <typename T>
  void Enter(const T& object) {
    begin_ = reinterpret_cast<uintptr_t>(&object);
    end_ = begin_ + sizeof(T);
    tid_.store(static_cast<int>(syscall(SYS_gettid)), std::memory_order_release);
  }

  // Returns once the thread that entered sleeps in the kernel on a futex inside its object.
  void AwaitBlocked() const {
    while (!IsBlocked()) sched_yield();
  }

 private:
  bool IsBlocked() const {
    const int tid = tid_.load(std::memory_order_acquire);  // with Enter()
    if (tid == 0) return false;
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char text[256] = {};
    const ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    // "running", or the system call's number and its arguments: for a futex, first its address.
    long number = 0;
    unsigned long address = 0;
    return size > 0 && std::sscanf(text, "%ld %lx", &number, &address) == 2 &&
           number == SYS_futex && begin_ <= address && address < end_;
  }

  std::atomic<int> tid_{0};
  uintptr_t begin_ = 0;
  uintptr_t end_ = 0;
};

}  // namespace scenario
