#include "libdetect/base/schedule.h"

#include <sched.h>

#include <cerrno>

namespace detect {

constinit std::atomic<Scheduler*> g_scheduler{nullptr};

namespace {

// Threads that are in a scheduler. With g_scheduler as in Dekker's algorithm, hence sequentially
// consistent: a thread counts itself and then looks, an uninstaller takes away and then counts.
constinit std::atomic<uint32_t> g_inside{0};

__attribute__((tls_model("initial-exec"))) thread_local constinit bool t_inside = false;

// The calling thread's visit to the scheduler, which stays while this lives.
class Visit {
 public:
  Visit() {
    if (t_inside) return;
    g_inside.fetch_add(1);
    t_inside = true;
    scheduler_ = g_scheduler.load();
    entered_ = true;
  }
  ~Visit() {
    if (entered_) {
      t_inside = false;
      g_inside.fetch_sub(1);
    }
    errno = errno_;
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  // Null where there is none, or the thread is in it already.
  Scheduler* operator->() const { return scheduler_; }
  explicit operator bool() const { return scheduler_ != nullptr; }

 private:
  const int errno_ = errno;
  bool entered_ = false;
  Scheduler* scheduler_ = nullptr;
};

}  // namespace

void InstallScheduler(Scheduler* scheduler) {
  if (kSchedulable) g_scheduler.store(scheduler);
}

ScopedScheduler::ScopedScheduler(Scheduler* scheduler) : outer_(g_scheduler.load()) {
  InstallScheduler(scheduler);
}

ScopedScheduler::~ScopedScheduler() {
  InstallScheduler(outer_);
  while (g_inside.load() != 0) sched_yield();
}

void AskScheduler(const Operation& operation) {
  Visit visit;
  if (visit) visit->Before(operation);
}

[[gnu::noinline]] void AskScheduler(OperationKind kind, const volatile void* object) {
  AskScheduler({kind, object, DETECT_CALLER_PC()});
}

Blocking AskSchedulerToBlock(bool has_deadline) {
  Visit visit;
  return visit ? visit->BeforeBlock(has_deadline) : Blocking::kSleep;
}

void TellSchedulerAwake() {
  Visit visit;
  if (visit) visit->AfterBlock();
}

void TellSchedulerStart(uint32_t index) {
  Visit visit;
  if (visit) visit->ThreadStarts(index);
}

void TellSchedulerEnd() {
  Visit visit;
  if (visit) visit->ThreadEnds();
}

}  // namespace detect
