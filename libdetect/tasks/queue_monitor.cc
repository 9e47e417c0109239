#include "libdetect/tasks/queue_monitor.h"

#include <mutex>
#include <string>

namespace detect::tasks {
namespace {

// The name of one condition of a queue, for as long as the call that it is an argument of.
class PartName {
 public:
  PartName(const char* queue, const char* part) : named_(queue != nullptr) {
    if (named_) text_.append(queue).append(" ").append(part);
  }
  // Null where the queue has none.
  const char* c_str() const { return named_ ? text_.c_str() : nullptr; }

 private:
  const bool named_;
  std::string text_;
};

}  // namespace

QueueMonitor::QueueMonitor(const char* name)
    : mu(name),
      not_empty(PartName(name, "not empty").c_str()),
      not_full(PartName(name, "not full").c_str()),
      all_done(PartName(name, "all done").c_str()) {}

void QueueMonitor::TaskDone(recorder::Caller caller) {
  std::lock_guard hold(mu);
  if (unfinished == 0) {
    recorder::Misused(
        recorder::CurrentThread(),
        {.misuse = Misuse::kTaskDone, .resource = &all_done, .kind = ResourceKind::kCondition},
        caller);
    throw std::logic_error("queue: task_done() was called more often than put()");
  }
  if (--unfinished == 0) all_done.notify_all();
}

void QueueMonitor::Join() {
  std::unique_lock hold(mu);
  all_done.wait(hold, [this] { return unfinished == 0; });
}

void QueueMonitor::Close() {
  std::lock_guard hold(mu);
  closed = true;
  not_empty.notify_all();
  not_full.notify_all();
}

}  // namespace detect::tasks
