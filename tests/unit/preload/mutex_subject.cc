// What pthread mutexes of every kind answer, also to those who use them badly.

#include <linux/futex.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "tests/unit/preload/subject.h"

using subject::In;
using subject::InThread;
using subject::Say;

namespace {

struct Choice {
  const char* name;
  int value;
};

constexpr Choice kTypes[] = {{"normal", PTHREAD_MUTEX_NORMAL},
                             {"errorcheck", PTHREAD_MUTEX_ERRORCHECK},
                             {"recursive", PTHREAD_MUTEX_RECURSIVE},
                             {"adaptive", PTHREAD_MUTEX_ADAPTIVE_NP}};
constexpr Choice kProtocols[] = {{"", PTHREAD_PRIO_NONE},
                                 {" inherit", PTHREAD_PRIO_INHERIT},
                                 {" protect", PTHREAD_PRIO_PROTECT}};
constexpr Choice kSharings[] = {{"", PTHREAD_PROCESS_PRIVATE}, {" shared", PTHREAD_PROCESS_SHARED}};
constexpr Choice kDeaths[] = {{"", PTHREAD_MUTEX_STALLED}, {" robust", PTHREAD_MUTEX_ROBUST}};

bool Init(pthread_mutex_t* mutex, int type, int protocol, int sharing, int death) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutexattr_setprotocol(&attributes, protocol);
  pthread_mutexattr_setpshared(&attributes, sharing);
  pthread_mutexattr_setrobust(&attributes, death);
  int result = CALL(pthread_mutex_init(mutex, &attributes));
  pthread_mutexattr_destroy(&attributes);
  return result == 0;
}

// Calls `use` with a new mutex of each kind that there is.
template <typename Use>
void WithEachKind(Use use) {
  for (const Choice& death : kDeaths) {
    for (const Choice& protocol : kProtocols) {
      for (const Choice& sharing : kSharings) {
        for (const Choice& type : kTypes) {
          Say("-- %s%s%s%s", type.name, sharing.name, protocol.name, death.name);
          pthread_mutex_t mutex;
          if (Init(&mutex, type.value, protocol.value, sharing.value, death.value)) use(&mutex);
        }
      }
    }
  }
}

// Calls `use` with a new robust mutex of each type.
template <typename Use>
void WithEachRobustKind(Use use) {
  for (const Choice& protocol : {kProtocols[0], kProtocols[1]}) {
    for (const Choice& type : kTypes) {
      Say("-- %s%s", type.name, protocol.name);
      pthread_mutex_t mutex;
      Init(&mutex, type.value, protocol.value, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_ROBUST);
      use(&mutex);
    }
  }
}

// Says what the mutex looks like inside, less the thread ids.
void SayState(const pthread_mutex_t& mutex) {
  uint32_t lock = static_cast<uint32_t>(mutex.__data.__lock);
  bool is_plain = lock <= 2;
  int owner = mutex.__data.__owner;
  Say("lock %x%s, owner %s, users %u, count %u, kind %d", is_plain ? lock : lock & ~FUTEX_TID_MASK,
      !is_plain && (lock & FUTEX_TID_MASK) != 0 ? " taken" : "",
      owner == 0          ? "nobody"
      : owner == gettid() ? "caller"
                          : "another",
      mutex.__data.__nusers, mutex.__data.__count, mutex.__data.__kind);
}

// All the ways to take a mutex that do not block for good. Returns how often it was taken.
int TryEveryWay(pthread_mutex_t* mutex) {
  timespec past = In(CLOCK_REALTIME, -1000);
  timespec past_monotonic = In(CLOCK_MONOTONIC, -1000);
  timespec soon = In(CLOCK_REALTIME, 1);
  timespec soon_monotonic = In(CLOCK_MONOTONIC, 1);
  int taken = 0;
  taken += CALL(pthread_mutex_trylock(mutex)) == 0;
  taken += CALL(pthread_mutex_timedlock(mutex, &past)) == 0;
  taken += CALL(pthread_mutex_timedlock(mutex, &soon)) == 0;
  taken += CALL(pthread_mutex_timedlock(mutex, &subject::kInvalidTime)) == 0;
  taken += CALL(pthread_mutex_clocklock(mutex, CLOCK_REALTIME, &past)) == 0;
  taken += CALL(pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &past_monotonic)) == 0;
  taken += CALL(pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &soon_monotonic)) == 0;
  taken += CALL(pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &subject::kInvalidTime)) == 0;
  taken += CALL(pthread_mutex_clocklock(mutex, CLOCK_PROCESS_CPUTIME_ID, &past)) == 0;
  taken += CALL(pthread_mutex_clocklock(mutex, 42, &past)) == 0;
  return taken;
}

void UnlockTimes(pthread_mutex_t* mutex, int times) {
  for (int i = 0; i < times; ++i) CALL(pthread_mutex_unlock(mutex));
}

}  // namespace

CASE(LockAndUnlock) {
  WithEachKind([](pthread_mutex_t* mutex) {
    if (CALL(pthread_mutex_lock(mutex)) != 0) return;
    SayState(*mutex);
    CALL(pthread_mutex_destroy(mutex));
    CALL(pthread_mutex_unlock(mutex));
    SayState(*mutex);
    CALL(pthread_mutex_destroy(mutex));
  });
}

CASE(ADestroyedMutexIsUsed) {
  WithEachKind([](pthread_mutex_t* mutex) {
    CALL(pthread_mutex_destroy(mutex));
    CALL(pthread_mutex_lock(mutex));
    TryEveryWay(mutex);
    CALL(pthread_mutex_unlock(mutex));
    SayState(*mutex);
  });
}

CASE(TakingAFreeMutexInEveryWay) {
  WithEachKind([](pthread_mutex_t* mutex) {
    timespec past = In(CLOCK_REALTIME, -1000);
    timespec past_monotonic = In(CLOCK_MONOTONIC, -1000);
    UnlockTimes(mutex, CALL(pthread_mutex_trylock(mutex)) == 0);
    UnlockTimes(mutex, CALL(pthread_mutex_timedlock(mutex, &past)) == 0);
    UnlockTimes(mutex, CALL(pthread_mutex_timedlock(mutex, &subject::kInvalidTime)) == 0);
    UnlockTimes(mutex, CALL(pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &past_monotonic)) == 0);
    UnlockTimes(mutex, CALL(pthread_mutex_clocklock(mutex, 42, &past)) == 0);
    SayState(*mutex);
    CALL(pthread_mutex_destroy(mutex));
  });
}

CASE(TheOwnerAsksAgain) {
  WithEachKind([](pthread_mutex_t* mutex) {
    if (CALL(pthread_mutex_lock(mutex)) != 0) return;
    int taken = TryEveryWay(mutex);
    SayState(*mutex);
    UnlockTimes(mutex, 1 + taken);
    SayState(*mutex);
    CALL(pthread_mutex_destroy(mutex));
  });
}

CASE(LockIsRefusedOrCountedWhereTheKindSaysSo) {
  for (const Choice& type : {kTypes[1], kTypes[2]}) {
    for (const Choice& protocol : {kProtocols[0], kProtocols[1]}) {
      pthread_mutex_t mutex;
      Init(&mutex, type.value, protocol.value, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED);
      CALL(pthread_mutex_lock(&mutex));
      int taken = CALL(pthread_mutex_lock(&mutex)) == 0;
      SayState(mutex);
      UnlockTimes(&mutex, 1 + taken);
      CALL(pthread_mutex_destroy(&mutex));
    }
  }
}

CASE(AnotherThreadAsks) {
  WithEachKind([](pthread_mutex_t* mutex) {
    if (CALL(pthread_mutex_lock(mutex)) != 0) return;
    InThread([mutex] {
      UnlockTimes(mutex, TryEveryWay(mutex));
      SayState(*mutex);
    });
    CALL(pthread_mutex_unlock(mutex));
  });
}

CASE(AnotherThreadUnlocks) {
  WithEachKind([](pthread_mutex_t* mutex) {
    if (CALL(pthread_mutex_lock(mutex)) != 0) return;
    int unlocked = 0;
    InThread([&] {
      unlocked = CALL(pthread_mutex_unlock(mutex)) == 0;
      SayState(*mutex);
    });
    if (unlocked) CALL(pthread_mutex_trylock(mutex));
    CALL(pthread_mutex_unlock(mutex));
    SayState(*mutex);
  });
}

CASE(UnlockOfAFreeMutex) {
  WithEachKind([](pthread_mutex_t* mutex) {
    CALL(pthread_mutex_unlock(mutex));
    SayState(*mutex);
  });
}

CASE(TheOwnerOfARobustMutexDies) {
  WithEachRobustKind([](pthread_mutex_t* mutex) {
    InThread([mutex] { CALL(pthread_mutex_lock(mutex)); });
    CALL(pthread_mutex_lock(mutex));
    CALL(pthread_mutex_consistent(mutex));
    SayState(*mutex);
    CALL(pthread_mutex_unlock(mutex));

    InThread([mutex] { CALL(pthread_mutex_trylock(mutex)); });
    timespec past = In(CLOCK_REALTIME, -1000);
    CALL(pthread_mutex_timedlock(mutex, &past));
    CALL(pthread_mutex_unlock(mutex));
    CALL(pthread_mutex_lock(mutex));
    TryEveryWay(mutex);
    CALL(pthread_mutex_destroy(mutex));
  });
}

CASE(TheOwnerDiesWhileAnotherWaits) {
  WithEachRobustKind([](pthread_mutex_t* mutex) {
    std::atomic<int> waiter{0};
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&gate);
    InThread([&] {
      pthread_mutex_lock(mutex);
      pthread_t thread;
      struct Wait {
        pthread_mutex_t* mutex;
        std::atomic<int>* tid;
        pthread_mutex_t* gate;
      } static wait;
      wait = {mutex, &waiter, &gate};
      pthread_create(
          &thread, nullptr,
          [](void*) -> void* {
            *wait.tid = gettid();
            CALL(pthread_mutex_lock(wait.mutex));
            CALL(pthread_mutex_consistent(wait.mutex));
            CALL(pthread_mutex_unlock(wait.mutex));
            pthread_mutex_unlock(wait.gate);
            return nullptr;
          },
          nullptr);
      pthread_detach(thread);
      while (waiter == 0) sched_yield();
      subject::WaitUntilAsleep(waiter);
    });
    pthread_mutex_lock(&gate);
    CALL(pthread_mutex_lock(mutex));
    CALL(pthread_mutex_unlock(mutex));
  });
}

CASE(ContendedMutexesExclude) {
  WithEachKind([](pthread_mutex_t* mutex) {
    if (CALL(pthread_mutex_trylock(mutex)) != 0) return;
    pthread_mutex_unlock(mutex);
    struct Work {
      pthread_mutex_t* mutex;
      int count = 0;
      std::atomic<int> refused{0};
    } work{mutex};
    pthread_t threads[3];
    for (pthread_t& thread : threads) {
      pthread_create(
          &thread, nullptr,
          [](void* argument) -> void* {
            Work* work = static_cast<Work*>(argument);
            for (int i = 0; i < 500; ++i) {
              if (pthread_mutex_lock(work->mutex) != 0) {
                ++work->refused;
                continue;
              }
              work->count = work->count + 1;
              pthread_mutex_unlock(work->mutex);
            }
            return nullptr;
          },
          &work);
    }
    for (pthread_t thread : threads) pthread_join(thread, nullptr);
    Say("count %d, refused %d", work.count, work.refused.load());
    SayState(*mutex);
  });
}

CASE(HoldingTwoHundredAtOnce) {
  std::vector<pthread_mutex_t> mutexes(200, PTHREAD_MUTEX_INITIALIZER);
  int failed = 0;
  for (bool in_order : {true, false}) {
    for (pthread_mutex_t& mutex : mutexes) failed += pthread_mutex_lock(&mutex) != 0;
    for (size_t i = 0; i < mutexes.size(); ++i) {
      failed += pthread_mutex_unlock(&mutexes[in_order ? i : mutexes.size() - 1 - i]) != 0;
    }
  }
  for (pthread_mutex_t& mutex : mutexes) failed += pthread_mutex_trylock(&mutex) != 0;
  Say("failed %d", failed);
}

// A plain mutex as a signal: one thread locks, another unlocks, a thousand times.
CASE(AMutexHandedOverAgainAndAgain) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  int failed = 0;
  for (int i = 0; i < 1000; ++i) {
    failed += pthread_mutex_lock(&mutex) != 0;
    if (i % 10 == 0) {
      InThread([&] { failed += pthread_mutex_unlock(&mutex) != 0; });
    } else {
      failed += pthread_mutex_unlock(&mutex) != 0;
    }
  }
  Say("failed %d", failed);
  SayState(mutex);
}

CASE(AMutexIsInitialisedAgainWhileItIsHeld) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  for (int i = 0; i < 100; ++i) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_init(&mutex, nullptr);
  }
  CALL(pthread_mutex_lock(&mutex));
  CALL(pthread_mutex_trylock(&mutex));
  CALL(pthread_mutex_unlock(&mutex));
  SayState(mutex);
  CALL(pthread_mutex_destroy(&mutex));
}
