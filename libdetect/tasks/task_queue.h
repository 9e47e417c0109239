// TaskQueue keeps the tasks of a pool that nobody has begun: those to run at once, in the order in
// which they came, and those to run later, by when they are due.
//
//   Push ──────► ready  ──┐
//                         ├──► Pop(now)
//   PushLater ─► later ───┘ once due
//
// Threads: one at a time; the caller serialises.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "libdetect/tasks/queue_policy.h"
#include "libdetect/tasks/task.h"

namespace detect::tasks {

using TaskPtr = std::unique_ptr<Task>;

class TaskQueue {
 public:
  void Push(TaskPtr task) { ready_.push_back(std::move(task)); }

  // To be run when task->timing says so.
  void PushLater(TaskPtr task) { later_.push(Later{pushed_++, std::move(task)}); }

  // Returns the next task to run, null where there is none at `now`. What is due goes first: it has
  // waited for its time, and others behind it may have theirs.
  TaskPtr Pop(TaskClock::time_point now) {
    if (later_.size() > 0 && *NextDue() <= now) return later_.pop().task;
    if (ready_.empty()) return nullptr;
    TaskPtr task = std::move(ready_.front());
    ready_.pop_front();
    return task;
  }

  std::optional<TaskClock::time_point> NextDue() const {
    if (later_.size() == 0) return std::nullopt;
    return later_.next().task->timing.due;
  }

  // Takes out all tasks, in the order in which they would have run.
  std::vector<TaskPtr> TakeAll() {
    std::vector<TaskPtr> all;
    while (TaskPtr task = Pop(TaskClock::time_point::min())) all.push_back(std::move(task));
    while (later_.size() > 0) all.push_back(later_.pop().task);
    return all;
  }

  // Takes out what does not keep a pool from ending: tasks that are repeated, and cancelled ones.
  std::vector<TaskPtr> TakeNeedless() {
    std::vector<TaskPtr> needless;
    priority<Later> needed;
    while (later_.size() > 0) {
      Later later = later_.pop();
      if (later.task->timing.repeat != Task::Repeat::kNever || later.task->state()->IsClaimed()) {
        needless.push_back(std::move(later.task));
      } else {
        needed.push(std::move(later));
      }
    }
    later_ = std::move(needed);
    return needless;
  }

  bool IsEmpty() const { return ready_.empty() && later_.size() == 0; }
  size_t ReadyCount() const { return ready_.size(); }
  bool HasLater() const { return later_.size() > 0; }

 private:
  struct Later {
    bool operator<(const Later& other) const {
      const auto due = task->timing.due;
      const auto other_due = other.task->timing.due;
      return due != other_due ? due < other_due : number < other.number;
    }
    uint64_t number;
    TaskPtr task;
  };

  std::deque<TaskPtr> ready_;
  priority<Later> later_;
  uint64_t pushed_ = 0;
};

}  // namespace detect::tasks
