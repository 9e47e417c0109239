// What a process does to become another: fork, vfork, exec, spawn, and how it ends.

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "tests/unit/preload/subject.h"

using subject::InThread;
using subject::Say;

extern char** environ;

namespace {

pthread_mutex_t g_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t g_other = PTHREAD_MUTEX_INITIALIZER;
std::atomic<int> g_tid{0};

// Waits for the child to end and says how it did.
void SayEnd(pid_t child) {
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return Say("no child");
  if (WIFSIGNALED(status)) return Say("ended by signal %d", WTERMSIG(status));
  Say("ended with %d", WEXITSTATUS(status));
}

// Calls `with` while another thread exists, blocked in a lock that the caller holds.
template <typename With>
void WithABlockedThread(With with) {
  pthread_mutex_lock(&g_mutex);
  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        g_tid = gettid();
        pthread_mutex_lock(&g_mutex);
        pthread_mutex_unlock(&g_mutex);
        return nullptr;
      },
      nullptr);
  while (g_tid == 0) sched_yield();
  subject::WaitUntilAsleep(g_tid);
  with();
  CALL(pthread_mutex_unlock(&g_mutex));
  CALL(pthread_join(thread, nullptr));
}

// A child's life: it holds what its maker held, and starts threads of its own.
void LiveInChild() {
  CALL(pthread_mutex_trylock(&g_mutex));
  CALL(pthread_mutex_unlock(&g_mutex));
  InThread([] {
    CALL(pthread_mutex_lock(&g_mutex));
    CALL(pthread_mutex_unlock(&g_mutex));
  });
  CALL(pthread_mutex_lock(&g_other));
}

}  // namespace

CASE(ForkWhileALockIsHeld) {
  WithABlockedThread([] {
    pid_t child = fork();
    if (child == 0) {
      LiveInChild();
      exit(7);
    }
    SayEnd(child);
  });
  CALL(pthread_mutex_trylock(&g_other));
}

CASE(ForkFromAThreadThatIsNotTheFirst) {
  InThread([] {
    pthread_mutex_lock(&g_mutex);
    pid_t child = fork();
    if (child == 0) {
      LiveInChild();
      pthread_exit(nullptr);
    }
    SayEnd(child);
    CALL(pthread_mutex_unlock(&g_mutex));
  });
}

// Neither the C library nor anybody else is told of this child.
CASE(ForkBehindTheCLibrarysBack) {
  WithABlockedThread([] {
    pid_t child = static_cast<pid_t>(syscall(SYS_fork));
    if (child == 0) {
      CALL(pthread_mutex_trylock(&g_mutex));
      CALL(pthread_mutex_unlock(&g_mutex));
      for (int i = 0; i < 10; ++i) pthread_mutex_lock(&g_other), pthread_mutex_unlock(&g_other);
      CALL(pthread_mutex_lock(&g_other));
      _exit(7);
    }
    SayEnd(child);
  });
  CALL(pthread_mutex_trylock(&g_other));
}

CASE(ForkHandlersLockAndUnlock) {
  pthread_atfork([] { pthread_mutex_lock(&g_mutex); }, [] { pthread_mutex_unlock(&g_mutex); },
                 [] { pthread_mutex_init(&g_mutex, nullptr); });
  for (int i = 0; i < 3; ++i) {
    pid_t child = fork();
    if (child == 0) {
      CALL(pthread_mutex_lock(&g_mutex));
      CALL(pthread_mutex_unlock(&g_mutex));
      _exit(0);
    }
    SayEnd(child);
    InThread([] { CALL(pthread_mutex_trylock(&g_mutex)), pthread_mutex_unlock(&g_mutex); });
  }
}

CASE(ChildrenOfChildren) {
  for (int generation = 0; generation < 20; ++generation) {
    pid_t child = fork();
    if (child != 0) {
      int status = 0;
      waitpid(child, &status, 0);
      if (generation == 0) Say("status %d", status);
      _exit(status == 0 ? 0 : 1);
    }
    pthread_mutex_lock(&g_mutex);
    InThread([] { CALL(pthread_mutex_trylock(&g_mutex)); });
    pthread_mutex_unlock(&g_mutex);
  }
  _exit(0);
}

CASE(BecomingADaemon) {
  InThread([] {});
  int ends[2];
  if (pipe(ends) != 0) return;
  if (fork() == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    close(ends[0]);
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDERR_FILENO);
    int result = -1;
    InThread([&] { result = pthread_mutex_lock(&g_mutex); });
    exit(write(ends[1], &result, sizeof(result)) == sizeof(result) ? 0 : 1);
  }
  close(ends[1]);
  int result = -1;
  Say("read %zd", read(ends[0], &result, sizeof(result)));
  Say("result %d", result);
}

CASE(VforkAndExec) {
  WithABlockedThread([] {
    pid_t child = vfork();
    if (child == 0) {
      execl("/bin/sh", "sh", "-c", "exit 9", nullptr);
      _exit(1);
    }
    SayEnd(child);
  });
}

CASE(SpawnAndSystem) {
  WithABlockedThread([] {
    pid_t child = -1;
    char name[] = "sh", option[] = "-c", command[] = "exit 9";
    char* const arguments[] = {name, option, command, nullptr};
    CALL(posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments, environ));
    SayEnd(child);
    Say("system %d", WEXITSTATUS(system("exit 8")));
  });
}

CASE(ExecOfItself) {
  const char* round = getenv("SUBJECT_ROUND");
  int number = round == nullptr ? 0 : atoi(round);
  Say("round %d", number);
  InThread([] { CALL(pthread_mutex_lock(&g_mutex)); });
  if (number == 5) return;
  char next[2] = {static_cast<char>('1' + number), '\0'};
  setenv("SUBJECT_ROUND", next, 1);
  char self[] = "/proc/self/exe", name[] = "ExecOfItself";
  char* const arguments[] = {self, name, nullptr};
  execv(self, arguments);
  Say("not executed");
}

// What a program may find when it begins, and finds in its descriptors later on.
CASE(TheProcessIsAsItWas) {
  int first_errno = errno;
  Say("errno %s", subject::NameOf(first_errno));
  auto say_descriptor = [] {
    int fd = open("/dev/null", O_RDONLY);
    Say("descriptor %d", fd);
    close(fd);
  };
  say_descriptor();
  InThread([] {});
  say_descriptor();
}
