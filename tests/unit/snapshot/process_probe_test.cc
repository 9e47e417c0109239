#include "libdetect/snapshot/process_probe.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace detect {
namespace {

int32_t OwnTid() { return static_cast<int32_t>(syscall(SYS_gettid)); }

TEST(ProcessProbe, TellsASleeperFromARunner) {
  ProcessProbe probe(getpid());
  std::atomic<int32_t> tid{0};
  std::atomic<bool> go{false};
  std::thread sleeper([&] {
    tid = OwnTid();
    tid.notify_one();
    go.wait(false);
  });
  tid.wait(0);

  EXPECT_EQ(probe.IsSleeping(OwnTid()), false);
  while (probe.IsSleeping(tid) != true) sched_yield();

  go = true;
  go.notify_one();
  sleeper.join();
}

TEST(ProcessProbe, DoesNotKnowOfAThreadThatIsGone) {
  EXPECT_EQ(ProcessProbe(getpid()).IsSleeping(1 << 30), std::nullopt);
}

TEST(ProcessProbe, DoesNotKnowOfAProcessThatHasEnded) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);

  EXPECT_EQ(ProcessProbe(child).IsSleeping(child), std::nullopt);  // a zombie
  waitpid(child, nullptr, 0);
  EXPECT_EQ(ProcessProbe(child).IsSleeping(child), std::nullopt);
  EXPECT_EQ(ProcessProbe(child).CountThreads(), 0u);
}

TEST(ProcessProbe, CountsThreadsWhateverTheProcessIsCalled) {
  prctl(PR_SET_NAME, "a) S 1 2 (b");
  ProcessProbe probe(getpid());
  uint32_t alone = probe.CountThreads();
  std::atomic<bool> go{false};
  std::thread second([&] { go.wait(false); });

  EXPECT_EQ(probe.CountThreads(), alone + 1);
  EXPECT_EQ(probe.ThreadName(getpid()), "a) S 1 2 (b");
  EXPECT_EQ(probe.IsSleeping(OwnTid()), false);

  go = true;
  go.notify_one();
  second.join();
}

TEST(ProcessProbe, ReadsMemoryThatIsThereAndRefusesWhatIsNot) {
  ProcessProbe probe(getpid());
  int32_t word = 4711;

  EXPECT_EQ(probe.ReadWord(reinterpret_cast<uint64_t>(&word)), 4711);
  EXPECT_EQ(probe.ReadWord(8), std::nullopt);
}

}  // namespace
}  // namespace detect
