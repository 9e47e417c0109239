// With the recorder compiled out nothing is recorded, and an operation takes no more instructions
// than that of the standard's type. They are counted by stepping a child through both.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "libdetect/recorder/events.h"
#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/recursive_mutex.h"
#include "libdetect/sync/shared_mutex.h"
#include "libdetect/sync/thread.h"

namespace detect {
namespace {

// Returns how many instructions a process runs between two stops that it asks for around `work`.
template <typename Work>
long CountInstructions(Work work) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    work();  // symbols are bound, caches are filled
    raise(SIGSTOP);
    work();
    raise(SIGSTOP);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  long count = 0;
  do {
    ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
    waitpid(child, &status, 0);
    ++count;
  } while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
  EXPECT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  ptrace(PTRACE_KILL, child, nullptr, nullptr);
  waitpid(child, &status, 0);
  return count;
}

template <typename Mutex>
long LockAndUnlock() {
  static Mutex mutex;
  return CountInstructions([] {
    mutex.lock();
    mutex.unlock();
  });
}

template <typename Mutex>
long ReadAndUnlock() {
  static Mutex mutex;
  return CountInstructions([] {
    mutex.lock_shared();
    mutex.unlock_shared();
  });
}

template <typename Condition>
long NotifyNobody() {
  static Condition condition;
  return CountInstructions([] { condition.notify_one(); });
}

TEST(Disabled, NothingIsRecorded) {
  static mutex named("named");
  thread other([] {
    const std::lock_guard hold(named);
    EXPECT_EQ(recorder::CurrentThread(), nullptr);
  });
  other.join();

  EXPECT_EQ(recorder::CurrentRegion(), nullptr);
}

TEST(Disabled, LockingTakesNoMoreInstructionsThanTheStandards) {
  EXPECT_LE(LockAndUnlock<mutex>(), LockAndUnlock<std::mutex>());
  EXPECT_LE(LockAndUnlock<recursive_mutex>(), LockAndUnlock<std::recursive_mutex>());
  EXPECT_LE(LockAndUnlock<shared_mutex>(), LockAndUnlock<std::shared_mutex>());
  EXPECT_LE(ReadAndUnlock<shared_mutex>(), ReadAndUnlock<std::shared_mutex>());
}

TEST(Disabled, NotifyingNobodyTakesNoMoreInstructionsThanTheStandards) {
  EXPECT_LE(NotifyNobody<condition_variable>(), NotifyNobody<std::condition_variable>());
}

}  // namespace
}  // namespace detect
