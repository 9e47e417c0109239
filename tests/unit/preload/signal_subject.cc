// Signals that come at any time, to handlers that lock, wait and end the program.

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include <initializer_list>

#include "tests/unit/preload/subject.h"

using subject::InThread;
using subject::Say;

namespace {

pthread_mutex_t g_outer = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t g_inner = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t g_handlers[3] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                 PTHREAD_MUTEX_INITIALIZER};
pthread_rwlock_t g_handlers_rwlock = PTHREAD_RWLOCK_INITIALIZER;
volatile sig_atomic_t g_signals = 0;
volatile sig_atomic_t g_failed = 0;

// Locks that only handlers take, in both orders of release.
void LockInHandler(int) {
  int saved_errno = errno;
  int failed = 0;
  for (pthread_mutex_t& mutex : g_handlers) failed += pthread_mutex_lock(&mutex) != 0;
  failed += pthread_rwlock_wrlock(&g_handlers_rwlock) != 0;
  for (pthread_mutex_t& mutex : g_handlers) failed += pthread_mutex_unlock(&mutex) != 0;
  failed += pthread_rwlock_unlock(&g_handlers_rwlock) != 0;
  g_failed = g_failed + failed;
  g_signals = g_signals + 1;
  errno = saved_errno;
}

void RaiseEvery(int microseconds) {
  itimerval timer{};
  timer.it_interval.tv_usec = microseconds;
  timer.it_value.tv_usec = microseconds;
  setitimer(ITIMER_REAL, &timer, nullptr);
}

void Handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

bool HasUsedCpuTime(double seconds) {
  return static_cast<double>(clock()) / CLOCKS_PER_SEC > seconds;
}

void LockInTheStorm() {
  int failed = 0;
  while (!HasUsedCpuTime(0.4)) {
    for (int i = 0; i < 100; ++i) {
      failed += pthread_mutex_lock(&g_outer) != 0;
      failed += pthread_mutex_lock(&g_inner) != 0;
      failed += pthread_mutex_unlock(i % 2 == 0 ? &g_outer : &g_inner) != 0;
      failed += pthread_mutex_unlock(i % 2 == 0 ? &g_inner : &g_outer) != 0;
    }
  }
  RaiseEvery(0);
  Say("failed %d, in handlers %d", failed, static_cast<int>(g_failed));
  Say("signals %s", g_signals > 100 ? "came" : "did not come");
  for (pthread_mutex_t* mutex : {&g_outer, &g_inner, &g_handlers[0], &g_handlers[2]}) {
    CALL(pthread_mutex_trylock(mutex));
  }
}

}  // namespace

CASE(AStormInOneThread) {
  Handle(SIGALRM, LockInHandler);
  RaiseEvery(50);
  LockInTheStorm();
}

// The storm hits threads that begin and end, and waits that begin and end.
CASE(AStormWhileThreadsComeAndGo) {
  Handle(SIGALRM, LockInHandler);
  int failed = 0;
  sigset_t storm;
  sigemptyset(&storm);
  sigaddset(&storm, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &storm, nullptr);
  RaiseEvery(50);
  while (!HasUsedCpuTime(0.4)) {
    InThread([&] {
      // Only the thread that runs takes it, so that handlers never wait for each other.
      pthread_sigmask(SIG_UNBLOCK, &storm, nullptr);
      timespec past = subject::In(CLOCK_REALTIME, -1);
      failed += pthread_mutex_lock(&g_outer) != 0;
      failed += pthread_mutex_timedlock(&g_outer, &past) != ETIMEDOUT;
      failed += pthread_mutex_unlock(&g_outer) != 0;
      pthread_sigmask(SIG_BLOCK, &storm, nullptr);
    });
  }
  RaiseEvery(0);
  Say("failed %d, in handlers %d", failed, static_cast<int>(g_failed));
  Say("signals %s", g_signals > 100 ? "came" : "did not come");
}

// No standard allows it, and programs do it: the handler ends a program that is inside malloc.
CASE(ExitInsideMalloc) {
  InThread([] {});
  Handle(SIGALRM, [](int) { exit(7); });
  RaiseEvery(20'000);
  for (unsigned i = 0;; ++i) {
    void* blocks[64];
    for (void*& block : blocks) block = malloc(5000 + i * 37 % 9000);
    for (void* block : blocks) free(block);
  }
}

CASE(ExitWhileALockIsHeld) {
  InThread([] {});
  Handle(SIGALRM, [](int) { exit(7); });
  pthread_mutex_lock(&g_outer);
  RaiseEvery(20'000);
  pthread_mutex_lock(&g_outer);
}
