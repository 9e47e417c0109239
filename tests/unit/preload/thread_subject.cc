// What threads do: joined in every way, cancelled, named, ended early, made in great numbers.

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>

#include "tests/unit/preload/subject.h"

using subject::In;
using subject::InThread;
using subject::Say;

// In cancellable_lock.c.
extern "C" {
void* LockCancellably(void* mutex);
extern volatile int g_cancellable_tid;
}

namespace {

std::atomic<int> g_tid{0};
pthread_mutex_t g_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_t g_first;

void* Echo(void* argument) { return argument; }

void WaitUntilAsleep() {
  while (g_tid == 0) sched_yield();
  subject::WaitUntilAsleep(g_tid);
}

// Blocks until the case unlocks g_mutex.
void* LockOnce(void*) {
  g_tid = gettid();
  pthread_mutex_lock(&g_mutex);
  pthread_mutex_unlock(&g_mutex);
  return &g_mutex;
}

void* JoinFirst(void*) {
  g_tid = gettid();
  void* result = nullptr;
  pthread_cleanup_push([](void*) { Say("the join is cancelled"); }, nullptr);
  pthread_join(g_first, &result);
  pthread_cleanup_pop(0);
  return result;
}

}  // namespace

CASE(JoinGivesTheResult) {
  pthread_t thread;
  void* result = nullptr;
  CALL(pthread_create(&thread, nullptr, Echo, &g_mutex));
  CALL(pthread_join(thread, &result));
  Say("result %s", result == &g_mutex ? "as returned" : "wrong");
}

CASE(JoinOfSelfIsRefused) { CALL(pthread_join(pthread_self(), nullptr)); }

CASE(JoinWithDeadlines) {
  pthread_mutex_lock(&g_mutex);
  pthread_t thread;
  pthread_create(&thread, nullptr, LockOnce, nullptr);
  timespec past = In(CLOCK_REALTIME, -1000);
  timespec soon = In(CLOCK_REALTIME, 1);
  timespec soon_monotonic = In(CLOCK_MONOTONIC, 1);
  CALL(pthread_tryjoin_np(thread, nullptr));
  CALL(pthread_timedjoin_np(thread, nullptr, &past));
  CALL(pthread_timedjoin_np(thread, nullptr, &soon));
  CALL(pthread_clockjoin_np(thread, nullptr, CLOCK_MONOTONIC, &soon_monotonic));
  CALL(pthread_clockjoin_np(thread, nullptr, 42, &soon));
  pthread_mutex_unlock(&g_mutex);
  void* result = nullptr;
  CALL(pthread_timedjoin_np(thread, &result, nullptr));
  Say("result %s", result == &g_mutex ? "as returned" : "wrong");
}

CASE(DetachedThreadsCannotBeJoined) {
  pthread_mutex_lock(&g_mutex);
  pthread_t thread;
  pthread_create(&thread, nullptr, LockOnce, nullptr);
  CALL(pthread_detach(thread));
  CALL(pthread_join(thread, nullptr));
  pthread_mutex_unlock(&g_mutex);
}

CASE(AJoinIsCancelled) {
  g_first = pthread_self();
  pthread_t thread;
  pthread_create(&thread, nullptr, JoinFirst, nullptr);
  WaitUntilAsleep();
  pthread_cancel(thread);
  void* result = nullptr;
  CALL(pthread_join(thread, &result));
  Say("cancelled: %d", result == PTHREAD_CANCELED);
}

// Not a cancellation point: the thread is cancelled at the next one.
CASE(ALockIsNotCancelled) {
  pthread_mutex_lock(&g_mutex);
  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        g_tid = gettid();
        CALL(pthread_mutex_lock(&g_mutex));
        pthread_cleanup_push([](void*) { CALL(pthread_mutex_unlock(&g_mutex)); }, nullptr);
        pthread_testcancel();
        pthread_cleanup_pop(1);
        return nullptr;
      },
      nullptr);
  WaitUntilAsleep();
  pthread_cancel(thread);
  pthread_mutex_unlock(&g_mutex);
  void* result = nullptr;
  CALL(pthread_join(thread, &result));
  Say("cancelled: %d", result == PTHREAD_CANCELED);
  CALL(pthread_mutex_trylock(&g_mutex));
}

// No standard promises it, and programs do it to get rid of a thread that hangs.
CASE(ALockIsCancelledAsynchronously) {
  pthread_mutex_lock(&g_mutex);
  pthread_t thread;
  pthread_create(&thread, nullptr, LockCancellably, &g_mutex);
  while (g_cancellable_tid == 0) sched_yield();
  subject::WaitUntilAsleep(g_cancellable_tid);
  CALL(pthread_cancel(thread));
  void* result = nullptr;
  CALL(pthread_join(thread, &result));
  Say("cancelled: %d", result == PTHREAD_CANCELED);
}

CASE(ExitUnwindsTheThread) {
  struct Object {
    ~Object() { Say("destroyed"); }
  };
  InThread([] {
    Object object;
    pthread_mutex_lock(&g_mutex);
    pthread_exit(nullptr);
  });
  CALL(pthread_mutex_trylock(&g_mutex));
}

CASE(NamesAreRefusedWhenTooLong) {
  char name[16] = "";
  CALL(pthread_setname_np(pthread_self(), "a-name"));
  CALL(pthread_getname_np(pthread_self(), name, sizeof(name)));
  Say("name %s", name);
  CALL(pthread_setname_np(pthread_self(), "a name of more than fifteen letters"));
  CALL(pthread_getname_np(pthread_self(), name, sizeof(name)));
  Say("name %s", name);
}

CASE(ThreadsThatCannotBeMade) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  CALL(pthread_attr_setstacksize(&attributes, size_t{1} << 46));
  pthread_t thread;
  for (int i = 0; i < 3; ++i) CALL(pthread_create(&thread, &attributes, Echo, nullptr));
  CALL(pthread_create(&thread, nullptr, Echo, nullptr));
  CALL(pthread_join(thread, nullptr));
}

CASE(TheSmallestStackIsEnough) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  CALL(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
  pthread_mutex_lock(&g_mutex);
  pthread_t thread;
  CALL(pthread_create(&thread, &attributes, LockOnce, nullptr));
  WaitUntilAsleep();
  CALL(pthread_mutex_unlock(&g_mutex));
  CALL(pthread_join(thread, nullptr));
}

CASE(TheSignalMaskIsInherited) {
  sigset_t some;
  sigemptyset(&some);
  sigaddset(&some, SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &some, nullptr);
  auto say = [] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    Say("blocked: SIGUSR1 %d, SIGTERM %d", sigismember(&mask, SIGUSR1),
        sigismember(&mask, SIGTERM));
  };
  InThread(say);
  say();
}

CASE(FiveThousandShortThreads) {
  int count = 0;
  for (int i = 0; i < 5000; ++i) {
    InThread([&] {
      pthread_mutex_lock(&g_mutex);
      ++count;
      pthread_mutex_unlock(&g_mutex);
    });
  }
  Say("count %d", count);
}

CASE(ManyThreadsEndWhileTheyHoldALock) {
  static pthread_mutex_t mutexes[300];
  for (pthread_mutex_t& mutex : mutexes) {
    mutex = PTHREAD_MUTEX_INITIALIZER;
    InThread([&] { pthread_mutex_lock(&mutex); });
  }
  int busy = 0;
  for (pthread_mutex_t& mutex : mutexes) busy += pthread_mutex_trylock(&mutex) == EBUSY;
  Say("busy %d", busy);
}

// Destructors of thread-specific data run up to four times; locks are theirs to use each time.
CASE(LocksInTheDestructorsOfAThread) {
  static pthread_key_t key;
  static int rounds = 0;
  pthread_key_create(&key, [](void* value) {
    CALL(pthread_mutex_lock(&g_mutex));
    ++rounds;
    CALL(pthread_mutex_unlock(&g_mutex));
    pthread_setspecific(key, value);
  });
  InThread([] { pthread_setspecific(key, &key); });
  Say("rounds %d", rounds);
}

CASE(TheFirstThreadLeavesEarly) {
  g_first = pthread_self();
  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        CALL(pthread_join(g_first, nullptr));
        Say("the last one");
        return nullptr;
      },
      nullptr);
  pthread_detach(thread);
  atexit([] { Say("at exit"); });
  pthread_exit(nullptr);
}

CASE(TheOnlyThreadLeaves) {
  atexit([] { Say("at exit"); });
  pthread_mutex_lock(&g_mutex);
  pthread_exit(nullptr);
}

CASE(ExitWhileOthersAreBlocked) {
  pthread_mutex_lock(&g_mutex);
  pthread_t thread;
  pthread_create(&thread, nullptr, LockOnce, nullptr);
  WaitUntilAsleep();
  atexit([] { Say("at exit"); });
  exit(5);
}
