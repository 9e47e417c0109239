// FindDeadlockedThreads() and Monitor: the detector inside a program that links it.
//
//   detect::Monitor monitor;                      // scans every 100 ms from now on
//   ...
//   for (const detect::DeadlockedThread& t : detect::FindDeadlockedThreads()) ...
//
// Context: monitor. Neither takes a lock that the program can hold.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libdetect/base/options.h"
#include "libdetect/report/report.h"

namespace detect {

// A thread that waits for a lock that it can never get.
struct DeadlockedThread {
  uint32_t id = 0;  // 1, 2, … in the order in which the process made its threads
  int32_t tid = 0;  // the kernel's id
  std::string name;
  std::string waits_for;         // the lock's name
  std::string held_by;           // the name of the thread that holds it; empty when nobody does
  std::vector<Frame> waits_at;   // this thread's stack
  std::vector<Frame> holder_at;  // where the holder acquired it; empty when nobody holds it
};

// Returns the threads that can never run again, proven; empty when there are none. Those that only
// queue behind a deadlock are among them. Works with and without a Monitor, at any time.
// Threads: any. Cost: one scan; symbolizing only when there is something to return.
std::vector<DeadlockedThread> FindDeadlockedThreads();

// Scans this process from a thread of its own while it lives.
// Threads: construct and destroy from any one thread; the callback runs on the monitor's thread.
class Monitor {
 public:
  struct Options {
    std::chrono::milliseconds interval{100};
    // What follows a proven deadlock, once it is reported: kReport does nothing more, kExit ends
    // the process with exit code 66, kAbort by SIGABRT, kBreak stops in the debugger by SIGTRAP,
    // kVictim makes lock() throw std::system_error(resource_deadlock_would_occur) in one member.
    OnDeadlock on_deadlock = OnDeadlock::kReport;
    // Called with each new finding, under no lock of ours; empty: the finding goes to stderr.
    std::function<void(const Finding&, const Report&)> callback;
    // File for the JSON report, written at each finding and at the end; empty: none.
    std::string output;
    // How the program came to have a monitor, for the report.
    const char* route = "linked";
    // Called after each scan on the monitor's thread; may be empty.
    std::function<void()> after_scan;
  };
  // The defaults, with what DETECT_OPTIONS says instead.
  static Options OptionsFromEnvironment();

  Monitor() : Monitor(OptionsFromEnvironment()) {}
  explicit Monitor(Options options);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // Scans now, on the calling thread, without waiting for the interval, and writes the report.
  void ScanNow();

  // The same on the monitor's own thread, awaited for at most `longest`. For the end of a program:
  // its last thread may hold any lock, malloc's too where a signal handler ended it, and a write
  // may bring it a signal.
  void FinishWithin(std::chrono::milliseconds longest);

  // The report so far. Threads: any.
  Report report() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace detect
