#include "libdetect/tasks/pool_core.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "libdetect/recorder/events.h"
#include "libdetect/sync/deadline.h"
#include "libdetect/sync/interruption.h"

namespace detect::tasks {
namespace {

// The caller is on record as one of those who can run the tasks of `pool`, while this lives.
class Membership {
 public:
  // `pool` null: there is nothing to record.
  [[gnu::noinline]] explicit Membership(const void* pool)
      : pool_(pool), slot_(pool == nullptr ? nullptr : recorder::CurrentThread()) {
    if (slot_ == nullptr) return;
    recorder::Acquired(slot_, pool_, ResourceKind::kPool, AccessMode::kMember, DETECT_CALLER());
  }
  ~Membership() {
    if (slot_ != nullptr) recorder::Released(slot_, pool_);
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

 private:
  const void* const pool_;
  recorder::ThreadSlot* const slot_;
};

}  // namespace

[[gnu::noinline]] PoolCore::PoolCore(Kind kind, const pool_options& options)
    : name_(options.name),
      kind_(kind),
      daemon_(options.daemon),
      keep_alive_(options.keep_alive),
      mu_(name_.c_str()),
      has_work_((name_ + " has work").c_str()),
      task_is_due_((name_ + " task is due").c_str()),
      has_started_((name_ + " has started").c_str()),
      has_ended_((name_ + " has ended").c_str()) {
  recorder::ResourceCreated(this, ResourceKind::kPool, name_.c_str(), DETECT_CALLER());
}

// Where a thread is refused, the destructor ends those that there are.
PoolCore::PoolCore(Kind kind, size_t threads, const pool_options& options)
    : PoolCore(kind, options) {
  std::unique_lock hold(mu_);
  while (started_ < threads) StartWorker();
  has_started_.wait(hold, [this] { return at_work_ == started_; });
}

PoolCore::~PoolCore() {
  Shutdown();
  std::unique_lock hold(mu_);
  while (!workers_.empty()) {
    thread next = std::move(workers_.front().thread);
    hold.unlock();
    next.join();
    hold.lock();
  }
  hold.unlock();
  Join(ended_);
  recorder::ResourceDestroyed(this);
}

void PoolCore::Submit(TaskPtr&& task) { Accept(std::move(task), &TaskQueue::Push); }

void PoolCore::SubmitLater(TaskPtr&& task) { Accept(std::move(task), &TaskQueue::PushLater); }

void PoolCore::Accept(TaskPtr&& task, void (TaskQueue::*push)(TaskPtr)) {
  Workers ended;
  {
    std::lock_guard hold(mu_);
    if (shut_down_) throw rejected_execution();
    PrepareFor(1);
    (tasks_.*push)(std::move(task));
    WakeOne();
    ended.swap(ended_);
  }
  Join(ended);
}

void PoolCore::Shutdown() {
  std::vector<TaskPtr> needless;
  {
    std::lock_guard hold(mu_);
    shut_down_ = true;
    needless = tasks_.TakeNeedless();
    WakeAll();
  }
  for (const TaskPtr& task : needless) task->state()->Cancel();
}

std::vector<TaskPtr> PoolCore::ShutdownNow() {
  std::vector<TaskPtr> unstarted;
  std::vector<std::shared_ptr<FutureState>> running;
  {
    std::lock_guard hold(mu_);
    shut_down_ = true;
    unstarted = tasks_.TakeAll();
    for (const Worker& worker : workers_) {
      if (auto state = worker.running.lock()) running.push_back(std::move(state));
    }
    WakeAll();
  }
  for (const auto& state : running) state->RequestStop();
  return unstarted;
}

bool PoolCore::IsShutdown() const {
  std::lock_guard hold(mu_);
  return shut_down_;
}

bool PoolCore::IsTerminated() const {
  std::lock_guard hold(mu_);
  return HasEnded();
}

bool PoolCore::AwaitTermination(std::chrono::nanoseconds timeout) {
  std::unique_lock hold(mu_);
  return has_ended_.wait_for(hold, timeout, [this] { return HasEnded(); });
}

size_t PoolCore::CountThreads() const {
  std::lock_guard hold(mu_);
  return workers_.size();
}

void PoolCore::Work(Workers::iterator self) {
  const Membership member(identity());
  sync::Interruption* const interruption = sync::Interruption::OfCaller();
  std::unique_lock hold(mu_);
  --idle_;
  ++at_work_;
  has_started_.notify_all();
  while (TaskPtr task = NextTask(hold)) {
    self->running = task->state();
    hold.unlock();
    task->Run(interruption);
    if (task->IsRepeated()) RunAgainLater(std::move(task));
    task.reset();  // under no lock of ours: what it has captured ends with it
    hold.lock();
    self->running.reset();
  }
  ended_.splice(ended_.end(), workers_, self);
  if (HasEnded()) has_ended_.notify_all();
}

void PoolCore::RunAgainLater(TaskPtr task) {
  Task::Timing& timing = task->timing;
  const TaskClock::time_point from =
      timing.repeat == Task::Repeat::kAtFixedRate ? timing.due : TaskClock::now();
  timing.due = from + std::min(timing.period, TaskClock::time_point::max() - from);
  std::unique_lock hold(mu_);
  if (!shut_down_) {
    tasks_.PushLater(std::move(task));
    WakeOne();
  } else {
    hold.unlock();
    task->state()->Cancel();
  }
}

void PoolCore::Join(Workers& ended) {
  for (Worker& worker : ended) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

TaskPtr PoolCore::NextTask(std::unique_lock<mutex>& hold) {
  const TaskClock::time_point idle_end = TimeAfter(keep_alive_);
  for (bool in_time = true;; in_time = AwaitChange(hold, idle_end)) {
    if (TaskPtr task = tasks_.Pop(TaskClock::now())) {
      if (tasks_.IsEmpty()) {
        if (shut_down_) WakeAll();
      } else {
        PrepareFor(0);
        WakeOne();
      }
      return task;
    }
    if (!in_time || (shut_down_ && tasks_.IsEmpty())) return nullptr;
  }
}

// Returns false when the keep-alive has ended.
bool PoolCore::AwaitChange(std::unique_lock<mutex>& hold, TaskClock::time_point idle_end) {
  const std::optional<TaskClock::time_point> due = tasks_.NextDue();
  bool in_time = true;
  ++idle_;
  if (due && !has_leader_) {
    has_leader_ = true;
    task_is_due_.wait_until(hold, *due);
    has_leader_ = false;
  } else if (kind_ == Kind::kCached) {
    in_time = has_work_.wait_until(hold, idle_end) == cv_status::no_timeout;
  } else {
    has_work_.wait(hold);
  }
  --idle_;
  return in_time;
}

// A leader that wakes up early finds out who comes first now, and another leader is found where it
// took a task.
void PoolCore::WakeOne() {
  const bool leader_only = idle_ == 1 || tasks_.ReadyCount() == 0;
  (has_leader_ && leader_only ? task_is_due_ : has_work_).notify_one();
}

void PoolCore::WakeAll() {
  has_work_.notify_all();
  task_is_due_.notify_all();
}

void PoolCore::PrepareFor(size_t more) {
  const size_t wanted = tasks_.ReadyCount() + (tasks_.HasLater() ? 1 : 0) + more;
  if (kind_ == Kind::kFixed || idle_ >= wanted) return;
  try {
    StartWorker();
  } catch (const std::system_error&) {
    if (workers_.empty()) throw;
    // The busy ones will come to it.
  }
}

void PoolCore::StartWorker() {
  const auto worker = workers_.emplace(workers_.end());
  try {
    const thread_options options{.name = name_ + "-" + std::to_string(started_ + 1),
                                 .daemon = daemon_};
    worker->thread = thread(options, [this, worker] { Work(worker); });
  } catch (...) {
    workers_.erase(worker);
    throw;
  }
  ++started_;
  ++idle_;
}

}  // namespace detect::tasks
