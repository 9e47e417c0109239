// QueueMonitor is the part of detect::queue that does not depend on what is in it: one mutex, three
// conditions, and the count of work not done yet.
//
//   put ──► not full ──► + item ──► not empty ──► get ──► task_done ──► all done ──► join
//
// The conditions are named after the queue: "jobs not empty", "jobs not full", "jobs all done".
//
// Context: hot. Threads: any.
#pragma once

#include <cstddef>
#include <stdexcept>

#include "libdetect/recorder/events.h"
#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"

namespace detect {

// What the operations of a queue throw where they cannot do what they are for.
class queue_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
class queue_full : public queue_error {
 public:
  queue_full() : queue_error("queue: no free place in time") {}
};
class queue_empty : public queue_error {
 public:
  queue_empty() : queue_error("queue: no item in time") {}
};
class queue_closed : public queue_error {
 public:
  queue_closed() : queue_error("queue: closed") {}
};

namespace tasks {

class QueueMonitor {
 public:
  // `name` null: nothing of it has a name.
  explicit QueueMonitor(const char* name);
  QueueMonitor(const QueueMonitor&) = delete;
  QueueMonitor& operator=(const QueueMonitor&) = delete;

  // Throws std::logic_error, and records the misuse, where nothing is left to be done.
  void TaskDone(recorder::Caller caller);
  void Join();
  void Close();

  mutable mutex mu;
  condition_variable not_empty;
  condition_variable not_full;
  condition_variable all_done;

  // Guarded by mu.
  size_t unfinished = 0;  // items put and not yet reported by TaskDone
  bool closed = false;
};

// The ways in which an operation waits for `ready` under the monitor's mutex. Each returns whether
// it is.
struct WaitForever {
  template <typename Ready>
  bool operator()(condition_variable& changed, std::unique_lock<mutex>& hold, Ready ready) const {
    changed.wait(hold, ready);
    return true;
  }
};

struct DoNotWait {
  template <typename Ready>
  bool operator()(condition_variable&, std::unique_lock<mutex>&, Ready ready) const {
    return ready();
  }
};

template <typename Duration>
struct WaitAtMost {
  template <typename Ready>
  bool operator()(condition_variable& changed, std::unique_lock<mutex>& hold, Ready ready) const {
    return changed.wait_for(hold, duration, ready);
  }
  Duration duration;
};

template <typename Time>
struct WaitUntil {
  template <typename Ready>
  bool operator()(condition_variable& changed, std::unique_lock<mutex>& hold, Ready ready) const {
    return changed.wait_until(hold, time, ready);
  }
  Time time;
};

}  // namespace tasks
}  // namespace detect
