// The scheduler's seam: whoever installs a Scheduler is asked before every operation of sync, tasks
// and the shim, in the thread that is about to do it, and may keep that thread for as long as it
// likes.
//
//   mutex.lock() ──► BeforeOperation ──none installed──► goes on: one load, one branch never taken
//                         └──else──► Scheduler::Before({kAcquire, &mutex, pc}) ──► goes on
//
//   BlockOn ───────► BeforeBlock ──kSleep──► futex ──► AfterBlock
//                         └──kLookAgain──► does not sleep
//
// A scheduler that delays threads at random needs Before alone. One that lets a single thread run
// at a time takes the turn from a thread in BeforeBlock, too, and gives it back to it with
// kLookAgain: then no thread ever sleeps in an operation, and the order of operations is the
// scheduler's alone.
//
// While a scheduler acts for a thread, that thread's own operations do not come back to it.
//
// Context: hot. Threads: any. Signal-safe: as far as the scheduler is. errno is kept.
#pragma once

#include <atomic>
#include <cstdint>

namespace detect {

enum class OperationKind : uint8_t {
  kAcquire,  // a lock, or a permit, and may block for it
  kTry,      // the same, and does not block
  kRelease,
  kWait,    // until told: a condition, a latch, a future, a thread's end
  kRetake,  // of the mutex, after a condition wait
  kSignal,  // tells those who wait
  kThread,  // makes a thread; is the first thing in a new one
  kUser,    // SchedulePoint
};

struct Operation {
  OperationKind kind = OperationKind::kUser;
  const volatile void* object = nullptr;  // null where there is none
  uint64_t pc = 0;                        // where in the program it is done: a return address
};

enum class Blocking : uint8_t {
  kSleep,
  kLookAgain,  // the caller goes on as if woken for no reason
  kTimeOut,    // the caller goes on as if its deadline had passed; only where it has one
};

class Scheduler {
 public:
  virtual void Before(const Operation& operation) = 0;

  // The caller finds that it has to sleep. AfterBlock follows when it has, after kSleep alone.
  virtual Blocking BeforeBlock(bool has_deadline) { return Blocking::kSleep; }
  virtual void AfterBlock() {}

  // Told by whoever runs a team, in the thread itself: it takes part as number `index`, until
  // ThreadEnds.
  virtual void ThreadStarts(uint32_t index) {}
  virtual void ThreadEnds() {}

 protected:
  ~Scheduler() = default;
};

// False where the program is built with --//libdetect:enabled=false: nobody is ever asked.
#ifdef DETECT_DISABLED
inline constexpr bool kSchedulable = false;
#else
inline constexpr bool kSchedulable = true;
#endif

// Where the function that this stands in returns to, or the one that it is always inlined into.
#define DETECT_CALLER_PC() reinterpret_cast<uint64_t>(__builtin_return_address(0))

// Null: none is installed. Hidden, so that the shim's is not the program's.
extern constinit __attribute__((visibility("hidden"))) std::atomic<Scheduler*> g_scheduler;

// Only a hint: whoever is told true asks again by way of the functions below.
inline __attribute__((always_inline)) bool IsScheduled() {
  return kSchedulable && g_scheduler.load(std::memory_order_relaxed) != nullptr;
}

// Returns null where there is none.
Scheduler* InstalledScheduler();

// Installs `scheduler` for good, where nobody ever uninstalls one: the shim.
void InstallScheduler(Scheduler* scheduler);

// The same while this lives. Two of them nest. The destructor blocks until no thread is in the
// scheduler any more.
class ScopedScheduler {
 public:
  explicit ScopedScheduler(Scheduler* scheduler);
  ~ScopedScheduler();
  ScopedScheduler(const ScopedScheduler&) = delete;
  ScopedScheduler& operator=(const ScopedScheduler&) = delete;

 private:
  Scheduler* const outer_;
};

void AskScheduler(const Operation& operation);
// The place is that of the call.
void AskScheduler(OperationKind kind, const volatile void* object);
Blocking AskSchedulerToBlock(bool has_deadline);
void TellSchedulerAwake();
void TellSchedulerStart(uint32_t index);
void TellSchedulerEnd();

inline __attribute__((always_inline)) void BeforeOperation(OperationKind kind,
                                                           const volatile void* object,
                                                           uint64_t pc) {
  if (IsScheduled()) [[unlikely]]
    AskScheduler({kind, object, pc});
}

inline __attribute__((always_inline)) void BeforeOperation(OperationKind kind,
                                                           const volatile void* object) {
  if (IsScheduled()) [[unlikely]]
    AskScheduler(kind, object);
}

inline Blocking BeforeBlock(bool has_deadline) {
  return IsScheduled() ? AskSchedulerToBlock(has_deadline) : Blocking::kSleep;
}

// Around the sleep that BeforeBlock has allowed.
class ScopedSleep {
 public:
  ScopedSleep() = default;
  ~ScopedSleep() {
    if (IsScheduled()) TellSchedulerAwake();
  }
  ScopedSleep(const ScopedSleep&) = delete;
  ScopedSleep& operator=(const ScopedSleep&) = delete;
};

// Around what one thread of a team does in one round.
class ScopedTeamThread {
 public:
  explicit ScopedTeamThread(uint32_t index) {
    if (IsScheduled()) TellSchedulerStart(index);
  }
  ~ScopedTeamThread() {
    if (IsScheduled()) TellSchedulerEnd();
  }
  ScopedTeamThread(const ScopedTeamThread&) = delete;
  ScopedTeamThread& operator=(const ScopedTeamThread&) = delete;
};

// A place in the user's own code where another thread may come in between: for what takes no lock
// of ours.
inline void SchedulePoint(const volatile void* object = nullptr) {
  BeforeOperation(OperationKind::kUser, object);
}

}  // namespace detect
