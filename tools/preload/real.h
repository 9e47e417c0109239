// The functions that the shim stands in front of: whatever comes after it in the loader's order,
// which is the C library, or another preloaded library before it.
//
// Context: hot. Works before any constructor ran: the first call looks all of them up.
#pragma once

#include <pthread.h>
#include <time.h>

#include <atomic>

namespace detect::preload {

// REAL(member, "symbol", "version" or nullptr for the default one, (parameters))
#define DETECT_REAL_FUNCTIONS(REAL)                                                               \
  REAL(mutex_init, "pthread_mutex_init", nullptr, (pthread_mutex_t*, const pthread_mutexattr_t*)) \
  REAL(mutex_destroy, "pthread_mutex_destroy", nullptr, (pthread_mutex_t*))                       \
  REAL(mutex_lock, "pthread_mutex_lock", nullptr, (pthread_mutex_t*))                             \
  REAL(mutex_trylock, "pthread_mutex_trylock", nullptr, (pthread_mutex_t*))                       \
  REAL(mutex_timedlock, "pthread_mutex_timedlock", nullptr, (pthread_mutex_t*, const timespec*))  \
  REAL(mutex_clocklock, "pthread_mutex_clocklock", nullptr,                                       \
       (pthread_mutex_t*, clockid_t, const timespec*))                                            \
  REAL(mutex_unlock, "pthread_mutex_unlock", nullptr, (pthread_mutex_t*))                         \
  REAL(rwlock_init, "pthread_rwlock_init", nullptr,                                               \
       (pthread_rwlock_t*, const pthread_rwlockattr_t*))                                          \
  REAL(rwlock_destroy, "pthread_rwlock_destroy", nullptr, (pthread_rwlock_t*))                    \
  REAL(rwlock_rdlock, "pthread_rwlock_rdlock", nullptr, (pthread_rwlock_t*))                      \
  REAL(rwlock_tryrdlock, "pthread_rwlock_tryrdlock", nullptr, (pthread_rwlock_t*))                \
  REAL(rwlock_timedrdlock, "pthread_rwlock_timedrdlock", nullptr,                                 \
       (pthread_rwlock_t*, const timespec*))                                                      \
  REAL(rwlock_clockrdlock, "pthread_rwlock_clockrdlock", nullptr,                                 \
       (pthread_rwlock_t*, clockid_t, const timespec*))                                           \
  REAL(rwlock_wrlock, "pthread_rwlock_wrlock", nullptr, (pthread_rwlock_t*))                      \
  REAL(rwlock_trywrlock, "pthread_rwlock_trywrlock", nullptr, (pthread_rwlock_t*))                \
  REAL(rwlock_timedwrlock, "pthread_rwlock_timedwrlock", nullptr,                                 \
       (pthread_rwlock_t*, const timespec*))                                                      \
  REAL(rwlock_clockwrlock, "pthread_rwlock_clockwrlock", nullptr,                                 \
       (pthread_rwlock_t*, clockid_t, const timespec*))                                           \
  REAL(rwlock_unlock, "pthread_rwlock_unlock", nullptr, (pthread_rwlock_t*))                      \
  REAL(cond_wait, "pthread_cond_wait", "GLIBC_2.3.2", (pthread_cond_t*, pthread_mutex_t*))        \
  REAL(cond_timedwait, "pthread_cond_timedwait", "GLIBC_2.3.2",                                   \
       (pthread_cond_t*, pthread_mutex_t*, const timespec*))                                      \
  REAL(cond_clockwait, "pthread_cond_clockwait", nullptr,                                         \
       (pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*))                           \
  REAL(old_cond_wait, "pthread_cond_wait", "GLIBC_2.2.5", (pthread_cond_t*, pthread_mutex_t*))    \
  REAL(old_cond_timedwait, "pthread_cond_timedwait", "GLIBC_2.2.5",                               \
       (pthread_cond_t*, pthread_mutex_t*, const timespec*))                                      \
  REAL(create, "pthread_create", nullptr,                                                         \
       (pthread_t*, const pthread_attr_t*, void* (*)(void*), void*))                              \
  REAL(join, "pthread_join", nullptr, (pthread_t, void**))                                        \
  REAL(timedjoin, "pthread_timedjoin_np", nullptr, (pthread_t, void**, const timespec*))          \
  REAL(clockjoin, "pthread_clockjoin_np", nullptr,                                                \
       (pthread_t, void**, clockid_t, const timespec*))                                           \
  REAL(setname, "pthread_setname_np", nullptr, (pthread_t, const char*))

struct RealFunctions {
#define DETECT_DECLARE(member, symbol, version, parameters) int(*member) parameters;
  DETECT_REAL_FUNCTIONS(DETECT_DECLARE)
#undef DETECT_DECLARE
};

extern __attribute__((visibility("hidden"))) RealFunctions g_real;
extern __attribute__((visibility("hidden"))) std::atomic<bool> g_real_found;

void FindRealFunctions();

// Where recording is on they have been found: then g_real may be used directly.
inline const RealFunctions& Real() {
  if (!g_real_found.load(std::memory_order_acquire)) [[unlikely]]
    FindRealFunctions();
  return g_real;
}

}  // namespace detect::preload
