// PoolCore is the part of thread_pool that does not depend on what its tasks are: the threads, the
// tasks that wait for one, and the end of both.
//
//   Submit ──► tasks ──┐
//   SubmitLater ───────┴──► idle worker ──► runs it ──► next one, or idle again
//
// Of the workers that are idle one is the leader: it sleeps until the next delayed task is due. The
// others sleep until there is work, in a cached pool at most for keep_alive. Whoever takes a task
// while there is more wakes, or starts, the next one.
//
// In a fixed pool each worker is on record as a member, from before the constructor returns until
// it ends: the members are those who can run a queued task.
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/thread.h"
#include "libdetect/tasks/task.h"
#include "libdetect/tasks/task_queue.h"

namespace detect {

// What a pool throws that takes no more tasks.
class rejected_execution : public std::runtime_error {
 public:
  rejected_execution() : std::runtime_error("thread_pool: rejected after shutdown") {}
};

struct pool_options {
  std::string name = "pool";
  bool daemon = false;                                            // its threads are
  std::chrono::nanoseconds keep_alive = std::chrono::minutes(1);  // of a cached pool
};

namespace tasks {

class PoolCore {
 public:
  enum class Kind { kFixed, kCached };

  // A fixed pool has all of its threads when this returns, a cached one none.
  // Throws std::system_error where the system refuses a thread.
  PoolCore(Kind kind, size_t threads, const pool_options& options);
  ~PoolCore();
  PoolCore(const PoolCore&) = delete;
  PoolCore& operator=(const PoolCore&) = delete;

  // What stands for the pool in what is recorded; null where anybody may come to run a task.
  const void* identity() const { return kind_ == Kind::kFixed ? this : nullptr; }
  const std::string& name() const { return name_; }

  // Each throws rejected_execution after shutdown; the task is then still the caller's.
  void Submit(TaskPtr&& task);
  void SubmitLater(TaskPtr&& task);

  // As those of thread_pool.
  void Shutdown();
  std::vector<TaskPtr> ShutdownNow();
  bool IsShutdown() const;
  bool IsTerminated() const;
  bool AwaitTermination(std::chrono::nanoseconds timeout);
  size_t CountThreads() const;

 private:
  struct Worker {
    detect::thread thread;
    std::weak_ptr<FutureState> running;  // of its task; none between two
  };
  using Workers = std::list<Worker>;

  explicit PoolCore(Kind kind, const pool_options& options);

  // What a worker does from its start to its end.
  void Work(Workers::iterator self);
  void RunAgainLater(TaskPtr task);
  void Accept(TaskPtr&& task, void (TaskQueue::*push)(TaskPtr));
  static void Join(Workers& ended);

  // Requires, of each below: mu_ is held.
  TaskPtr NextTask(std::unique_lock<mutex>& hold);
  bool AwaitChange(std::unique_lock<mutex>& hold, TaskClock::time_point idle_end);
  // Sees to it that in a cached pool a worker is free for each task, of which `more` are to come.
  void PrepareFor(size_t more);
  void StartWorker();
  void WakeOne();
  void WakeAll();
  bool HasEnded() const { return shut_down_ && workers_.empty(); }

  // Constant after construction. The first member is nothing that the recorder knows by address:
  // `this` stands for the pool there.
  const std::string name_;
  const Kind kind_;
  const bool daemon_;
  const std::chrono::nanoseconds keep_alive_;

  mutable mutex mu_;
  condition_variable has_work_;
  condition_variable task_is_due_;  // the leader's
  condition_variable has_started_;
  condition_variable has_ended_;

  // Guarded by mu_.
  TaskQueue tasks_;
  Workers workers_;
  Workers ended_;       // to be joined
  size_t started_ = 0;  // workers so far
  size_t at_work_ = 0;  // of those, how many have begun Work()
  size_t idle_ = 0;     // workers that wait for a task, or are about to look for one
  bool has_leader_ = false;
  bool shut_down_ = false;
};

}  // namespace tasks
}  // namespace detect
