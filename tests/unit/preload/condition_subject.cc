// What pthread conditions do, in both versions that the C library has, and when a wait is
// cancelled.

#include <sched.h>
#include <unistd.h>

#include <atomic>

#include "tests/unit/preload/subject.h"

using subject::In;
using subject::InThread;
using subject::Say;

// What a program that was linked in 2002 calls. Its condition is a pointer to one of today's.
extern "C" {
int old_cond_init(pthread_cond_t*, const pthread_condattr_t*);
int old_cond_wait(pthread_cond_t*, pthread_mutex_t*);
int old_cond_timedwait(pthread_cond_t*, pthread_mutex_t*, const timespec*);
int old_cond_signal(pthread_cond_t*);
int old_cond_destroy(pthread_cond_t*);
}
__asm__(".symver old_cond_init, pthread_cond_init@GLIBC_2.2.5");
__asm__(".symver old_cond_wait, pthread_cond_wait@GLIBC_2.2.5");
__asm__(".symver old_cond_timedwait, pthread_cond_timedwait@GLIBC_2.2.5");
__asm__(".symver old_cond_signal, pthread_cond_signal@GLIBC_2.2.5");
__asm__(".symver old_cond_destroy, pthread_cond_destroy@GLIBC_2.2.5");

namespace {

struct Version {
  const char* name;
  int (*init)(pthread_cond_t*, const pthread_condattr_t*);
  int (*wait)(pthread_cond_t*, pthread_mutex_t*);
  int (*timedwait)(pthread_cond_t*, pthread_mutex_t*, const timespec*);
  int (*signal)(pthread_cond_t*);
  int (*destroy)(pthread_cond_t*);
};

constexpr Version kVersions[] = {
    {"GLIBC_2.3.2", pthread_cond_init, pthread_cond_wait, pthread_cond_timedwait,
     pthread_cond_signal, pthread_cond_destroy},
    {"GLIBC_2.2.5", old_cond_init, old_cond_wait, old_cond_timedwait, old_cond_signal,
     old_cond_destroy},
};

// One thread waits in a condition of a version; the rest is the case's own.
struct Scene {
  explicit Scene(const Version& which) : version(which) {
    Say("-- %s", version.name);
    version.init(&condition, nullptr);
  }
  ~Scene() { version.destroy(&condition); }

  void Start(void* (*body)(void*)) {
    pthread_create(&thread, nullptr, body, this);
    while (waiter == 0) sched_yield();
    subject::WaitUntilAsleep(waiter);
  }
  void* Join() {
    void* result = nullptr;
    CALL(pthread_join(thread, &result));
    return result;
  }

  const Version& version;
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition;
  pthread_t thread{};
  std::atomic<int> waiter{0};
  bool is_ready = false;
};

void WaitUntilReady(Scene* scene) {
  scene->waiter = gettid();
  while (!scene->is_ready) CALL(scene->version.wait(&scene->condition, &scene->mutex));
}

void UnlockInHandler(void* argument) {
  Scene* scene = static_cast<Scene*>(argument);
  Say("the mutex is %s by the handler's thread",
      scene->mutex.__data.__owner == gettid() ? "held" : "not held");
  CALL(pthread_mutex_unlock(&scene->mutex));
}

}  // namespace

CASE(AWaiterIsNotified) {
  for (const Version& version : kVersions) {
    Scene scene(version);
    scene.Start([](void* argument) -> void* {
      Scene* scene = static_cast<Scene*>(argument);
      CALL(pthread_mutex_lock(&scene->mutex));
      WaitUntilReady(scene);
      CALL(pthread_mutex_unlock(&scene->mutex));
      return nullptr;
    });
    pthread_mutex_lock(&scene.mutex);
    scene.is_ready = true;
    version.signal(&scene.condition);
    pthread_mutex_unlock(&scene.mutex);
    scene.Join();
    CALL(pthread_mutex_trylock(&scene.mutex));
  }
}

CASE(AWaitIsCancelled) {
  for (const Version& version : kVersions) {
    Scene scene(version);
    scene.Start([](void* argument) -> void* {
      Scene* scene = static_cast<Scene*>(argument);
      pthread_mutex_lock(&scene->mutex);
      pthread_cleanup_push(UnlockInHandler, scene);
      WaitUntilReady(scene);
      pthread_cleanup_pop(1);
      return nullptr;
    });
    pthread_cancel(scene.thread);
    Say("cancelled: %d", scene.Join() == PTHREAD_CANCELED);
    CALL(pthread_mutex_lock(&scene.mutex));
    CALL(pthread_mutex_unlock(&scene.mutex));
  }
}

CASE(DeadlinesPassAndAreRefused) {
  for (const Version& version : kVersions) {
    Scene scene(version);
    timespec past = In(CLOCK_REALTIME, -1000);
    timespec soon = In(CLOCK_REALTIME, 1);
    CALL(pthread_mutex_lock(&scene.mutex));
    CALL(version.timedwait(&scene.condition, &scene.mutex, &past));
    CALL(version.timedwait(&scene.condition, &scene.mutex, &soon));
    CALL(version.timedwait(&scene.condition, &scene.mutex, &subject::kInvalidTime));
    InThread([&] { CALL(pthread_mutex_trylock(&scene.mutex)); });
    CALL(pthread_mutex_unlock(&scene.mutex));
  }
}

CASE(ClocksAreCheckedAndHeeded) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  timespec past = In(CLOCK_MONOTONIC, -1000);
  timespec soon = In(CLOCK_MONOTONIC, 1);
  CALL(pthread_mutex_lock(&mutex));
  CALL(pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &past));
  CALL(pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &soon));
  CALL(pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &subject::kInvalidTime));
  CALL(pthread_cond_clockwait(&condition, &mutex, 42, &soon));
  CALL(pthread_mutex_unlock(&mutex));
}

CASE(OthersMutexesAreRefused) {
  for (const Version& version : kVersions) {
    Scene scene(version);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_t mutex;
    pthread_mutex_init(&mutex, &attributes);
    timespec past = In(CLOCK_REALTIME, -1000);
    CALL(version.timedwait(&scene.condition, &mutex, &past));
    CALL(version.wait(&scene.condition, &mutex));
    InThread([&] { CALL(pthread_mutex_lock(&mutex)); });
    CALL(version.wait(&scene.condition, &mutex));
  }
}

// The owner dies while the waiter comes back for its robust mutex.
CASE(AWaitEndsWithADeadOwner) {
  for (const Version& version : kVersions) {
    Scene scene(version);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&scene.mutex, &attributes);
    scene.Start([](void* argument) -> void* {
      Scene* scene = static_cast<Scene*>(argument);
      CALL(pthread_mutex_lock(&scene->mutex));
      WaitUntilReady(scene);
      CALL(pthread_mutex_consistent(&scene->mutex));
      CALL(pthread_mutex_unlock(&scene->mutex));
      return nullptr;
    });
    InThread([&] {
      pthread_mutex_lock(&scene.mutex);
      scene.is_ready = true;
      version.signal(&scene.condition);
    });
    scene.Join();
  }
}
