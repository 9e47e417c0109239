// glibc's mutex from the inside: who owns it, and how it is taken when nobody else wants it.
//
// A call through the shim into the C library costs a third of an uncontended lock. So for the two
// plain kinds the shim does itself what glibc does then: one compare-exchange of the lock word,
// 0 to 1, and a note of the owner. Everything else, waiters above all, is left to glibc.
//
// That protocol is as old as the futex in glibc, and every statically initialised mutex in every
// binary depends on its layout. Still it is checked at start (VerifyFastPath), against the library
// that is really there; where anything differs, each call goes to glibc.
//
// Context: hot.
#pragma once

#include <pthread.h>
#include <sys/single_threaded.h>

#include <cstddef>
#include <cstdint>

namespace detect::preload {

// Numbers the kinds so that the plain ones, 0 and 3, come first: dividing by three, in arithmetic
// where that is one-to-one, makes them 0 and 1, and all else more. That includes what a destroyed
// mutex has, -1, which glibc refuses.
inline constexpr uint32_t NumberOf(int kind) { return static_cast<uint32_t>(kind) * 0xAAAAAAABu; }
static_assert(NumberOf(PTHREAD_MUTEX_TIMED_NP) == 0);
static_assert(NumberOf(PTHREAD_MUTEX_ADAPTIVE_NP) == 1);

// The fast path may be used for kinds whose number is below it: none until VerifyFastPath, called
// before recording starts, finds that the plain ones qualify.
inline constexpr uint32_t kNoKinds = 0;
inline constexpr uint32_t kPlainKinds = 2;
extern __attribute__((visibility("hidden"))) uint32_t g_fast_kinds;

// Checks with a mutex of its own that glibc takes and leaves it just as the functions below do.
void VerifyFastPath();

inline constexpr uint32_t kMutexOwnerOffset = offsetof(pthread_mutex_t, __data.__owner);
inline constexpr uint32_t kRwLockWriterOffset = offsetof(pthread_rwlock_t, __data.__cur_writer);

inline int32_t OwnerOf(const pthread_mutex_t* mutex) {
  return __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED);
}

inline int32_t WriterOf(const pthread_rwlock_t* lock) {
  return __atomic_load_n(&lock->__data.__cur_writer, __ATOMIC_RELAXED);
}

// The kind without its robust, priority and sharing bits: PTHREAD_MUTEX_NORMAL and so on.
inline int BasicKind(const pthread_mutex_t* mutex) { return mutex->__data.__kind & 3; }

// Whether the fast path may be used.
inline bool IsFast(const pthread_mutex_t* mutex) {
  return NumberOf(mutex->__data.__kind) < g_fast_kinds;
}

// Takes a plain mutex that is free. Returns false, with nothing done, in any other case.
inline bool FastLock(pthread_mutex_t* mutex, int32_t tid) {
  if (!IsFast(mutex)) [[unlikely]]
    return false;
  if (__libc_single_threaded) {
    if (mutex->__data.__lock != 0) return false;
    mutex->__data.__lock = 1;
  } else {
    int free = 0;
    if (!__atomic_compare_exchange_n(&mutex->__data.__lock, &free, 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED)) {
      return false;
    }
  }
  __atomic_store_n(&mutex->__data.__owner, tid, __ATOMIC_RELAXED);
  ++mutex->__data.__nusers;
  return true;
}

// Leaves a plain mutex of the caller's that nobody waits for. Returns false, with nothing done, in
// any other case.
inline bool FastUnlock(pthread_mutex_t* mutex, int32_t tid) {
  if (!IsFast(mutex)) [[unlikely]]
    return false;
  __atomic_store_n(&mutex->__data.__owner, 0, __ATOMIC_RELAXED);
  --mutex->__data.__nusers;
  int taken = 1;
  if (__libc_single_threaded && mutex->__data.__lock == taken) {
    mutex->__data.__lock = 0;
    return true;
  }
  if (__atomic_compare_exchange_n(&mutex->__data.__lock, &taken, 0, false, __ATOMIC_RELEASE,
                                  __ATOMIC_RELAXED)) {
    return true;
  }
  // Somebody waits. The mutex is still the caller's, so what was undone can be redone.
  ++mutex->__data.__nusers;
  __atomic_store_n(&mutex->__data.__owner, tid, __ATOMIC_RELAXED);
  return false;
}

}  // namespace detect::preload
