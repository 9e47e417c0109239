#include "libdetect/base/schedule.h"

#include <sched.h>

#include <cerrno>

namespace detect {

constinit std::atomic<Scheduler*> g_scheduler{nullptr};

// Hidden, and at a fixed place in a thread's memory: reached without a call, in the shim, too.
thread_local constinit bool t_in_scheduler
    __attribute__((visibility("hidden"), tls_model("initial-exec"))) = false;

namespace {

// Threads that are in a scheduler. With g_scheduler as in Dekker's algorithm, hence sequentially
// consistent: a thread counts itself and then looks, an uninstaller takes away and then counts.
constinit std::atomic<uint32_t> g_inside{0};

// The calling thread's visit to the scheduler, which stays while this lives.
class Visit {
 public:
  Visit() {
    if (t_in_scheduler) return;
    g_inside.fetch_add(1);
    t_in_scheduler = true;
    scheduler_ = g_scheduler.load();
    entered_ = true;
  }
  ~Visit() {
    if (entered_) {
      t_in_scheduler = false;
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

Scheduler* InstalledScheduler() { return g_scheduler.load(); }

void InstallScheduler(Scheduler* scheduler) {
  if (kSchedulable) g_scheduler.store(scheduler);
}

ScopedScheduler::ScopedScheduler(Scheduler* scheduler) : outer_(InstalledScheduler()) {
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
