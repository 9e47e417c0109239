// What pthread reader-writer locks of each kind answer, also to those who use them badly.

#include <sched.h>
#include <unistd.h>

#include <atomic>

#include "tests/unit/preload/subject.h"

using subject::In;
using subject::InThread;
using subject::Say;

namespace {

struct Kind {
  const char* name;
  int preference;
  int sharing;
};

constexpr Kind kKinds[] = {
    {"readers first", PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_PROCESS_PRIVATE},
    {"writers first, recursive", PTHREAD_RWLOCK_PREFER_WRITER_NP, PTHREAD_PROCESS_PRIVATE},
    {"writers first", PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, PTHREAD_PROCESS_PRIVATE},
    {"writers first, shared", PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, PTHREAD_PROCESS_SHARED},
};

template <typename Use>
void WithEachKind(Use use) {
  for (const Kind& kind : kKinds) {
    Say("-- %s", kind.name);
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, kind.preference);
    pthread_rwlockattr_setpshared(&attributes, kind.sharing);
    pthread_rwlock_t lock;
    CALL(pthread_rwlock_init(&lock, &attributes));
    pthread_rwlockattr_destroy(&attributes);
    use(&lock);
    CALL(pthread_rwlock_destroy(&lock));
  }
}

void SayState(const pthread_rwlock_t& lock) {
  int writer = lock.__data.__cur_writer;
  Say("readers %x, writers %u, phase %x, writer %s", lock.__data.__readers, lock.__data.__writers,
      lock.__data.__wrphase_futex,
      writer == 0          ? "none"
      : writer == gettid() ? "caller"
                           : "another");
}

void UnlockTimes(pthread_rwlock_t* lock, int times) {
  for (int i = 0; i < times; ++i) CALL(pthread_rwlock_unlock(lock));
}

// All the ways to read that do not block for good. Returns how often the lock was taken.
int TryEveryWayToRead(pthread_rwlock_t* lock) {
  timespec past = In(CLOCK_REALTIME, -1000);
  timespec soon = In(CLOCK_REALTIME, 1);
  timespec soon_monotonic = In(CLOCK_MONOTONIC, 1);
  int taken = 0;
  taken += CALL(pthread_rwlock_tryrdlock(lock)) == 0;
  taken += CALL(pthread_rwlock_timedrdlock(lock, &past)) == 0;
  taken += CALL(pthread_rwlock_timedrdlock(lock, &soon)) == 0;
  taken += CALL(pthread_rwlock_timedrdlock(lock, &subject::kInvalidTime)) == 0;
  taken += CALL(pthread_rwlock_clockrdlock(lock, CLOCK_MONOTONIC, &soon_monotonic)) == 0;
  taken += CALL(pthread_rwlock_clockrdlock(lock, CLOCK_MONOTONIC, &subject::kInvalidTime)) == 0;
  taken += CALL(pthread_rwlock_clockrdlock(lock, 42, &past)) == 0;
  return taken;
}

int TryEveryWayToWrite(pthread_rwlock_t* lock) {
  timespec past = In(CLOCK_REALTIME, -1000);
  timespec soon = In(CLOCK_REALTIME, 1);
  timespec soon_monotonic = In(CLOCK_MONOTONIC, 1);
  int taken = 0;
  taken += CALL(pthread_rwlock_trywrlock(lock)) == 0;
  taken += CALL(pthread_rwlock_timedwrlock(lock, &past)) == 0;
  taken += CALL(pthread_rwlock_timedwrlock(lock, &soon)) == 0;
  taken += CALL(pthread_rwlock_timedwrlock(lock, &subject::kInvalidTime)) == 0;
  taken += CALL(pthread_rwlock_clockwrlock(lock, CLOCK_MONOTONIC, &soon_monotonic)) == 0;
  taken += CALL(pthread_rwlock_clockwrlock(lock, CLOCK_MONOTONIC, &subject::kInvalidTime)) == 0;
  taken += CALL(pthread_rwlock_clockwrlock(lock, 42, &past)) == 0;
  return taken;
}

}  // namespace

CASE(TakingAFreeLock) {
  WithEachKind([](pthread_rwlock_t* lock) {
    CALL(pthread_rwlock_rdlock(lock));
    SayState(*lock);
    CALL(pthread_rwlock_unlock(lock));
    CALL(pthread_rwlock_wrlock(lock));
    SayState(*lock);
    CALL(pthread_rwlock_unlock(lock));
    UnlockTimes(lock, TryEveryWayToRead(lock));
    UnlockTimes(lock, TryEveryWayToWrite(lock));
    SayState(*lock);
  });
}

CASE(TheWriterAsksAgain) {
  WithEachKind([](pthread_rwlock_t* lock) {
    CALL(pthread_rwlock_wrlock(lock));
    CALL(pthread_rwlock_wrlock(lock));
    CALL(pthread_rwlock_rdlock(lock));
    TryEveryWayToRead(lock);
    TryEveryWayToWrite(lock);
    SayState(*lock);
    CALL(pthread_rwlock_unlock(lock));
  });
}

CASE(AReaderAsksAgain) {
  WithEachKind([](pthread_rwlock_t* lock) {
    CALL(pthread_rwlock_rdlock(lock));
    CALL(pthread_rwlock_rdlock(lock));
    int taken = TryEveryWayToRead(lock);
    TryEveryWayToWrite(lock);
    SayState(*lock);
    UnlockTimes(lock, 2 + taken);
    SayState(*lock);
  });
}

CASE(AnotherThreadAsks) {
  WithEachKind([](pthread_rwlock_t* lock) {
    CALL(pthread_rwlock_wrlock(lock));
    InThread([lock] {
      TryEveryWayToRead(lock);
      TryEveryWayToWrite(lock);
    });
    CALL(pthread_rwlock_unlock(lock));
    CALL(pthread_rwlock_rdlock(lock));
    InThread([lock] {
      UnlockTimes(lock, TryEveryWayToRead(lock));
      TryEveryWayToWrite(lock);
    });
    CALL(pthread_rwlock_unlock(lock));
    SayState(*lock);
  });
}

CASE(AnotherThreadUnlocks) {
  WithEachKind([](pthread_rwlock_t* lock) {
    CALL(pthread_rwlock_wrlock(lock));
    InThread([lock] { CALL(pthread_rwlock_unlock(lock)); });
    CALL(pthread_rwlock_rdlock(lock));
    InThread([lock] { CALL(pthread_rwlock_unlock(lock)); });
    SayState(*lock);
  });
}

// Whether a reader may pass a writer that waits depends on the kind.
CASE(ReadersComeWhileAWriterWaits) {
  WithEachKind([](pthread_rwlock_t* lock) {
    static pthread_rwlock_t* contended;
    static std::atomic<int> writer;
    contended = lock;
    writer = 0;
    CALL(pthread_rwlock_rdlock(lock));
    pthread_t thread;
    pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          writer = gettid();
          pthread_rwlock_wrlock(contended);
          pthread_rwlock_unlock(contended);
          return nullptr;
        },
        nullptr);
    while (writer == 0) sched_yield();
    subject::WaitUntilAsleep(writer);
    InThread([lock] { UnlockTimes(lock, TryEveryWayToRead(lock)); });
    CALL(pthread_rwlock_unlock(lock));
    pthread_join(thread, nullptr);
    SayState(*lock);
  });
}
