#include "tools/preload/native_mutex.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/preload/real.h"

namespace detect::preload {

constinit uint32_t g_fast_kinds = kNoKinds;

namespace {

bool IsState(const pthread_mutex_t& mutex, int lock, int32_t owner, unsigned users) {
  return mutex.__data.__lock == lock && mutex.__data.__owner == owner &&
         mutex.__data.__nusers == users;
}

// Another library may be preloaded behind this one, with a lock of its own.
bool LockIsGlibcs() {
  Dl_info lock;
  Dl_info libc;
  void* version = dlsym(RTLD_NEXT, "gnu_get_libc_version");
  return version != nullptr && dladdr(version, &libc) != 0 &&
         dladdr(reinterpret_cast<void*>(Real().mutex_lock), &lock) != 0 &&
         lock.dli_fbase == libc.dli_fbase;
}

// Runs both ways against each other. Requires: the fast path is on for `kind`.
bool Agree(int kind, int32_t tid) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  mutex.__data.__kind = kind;
  bool same = IsState(mutex, 0, 0, 0);
  same = same && Real().mutex_lock(&mutex) == 0 && IsState(mutex, 1, tid, 1);
  same = same && FastUnlock(&mutex, tid) && IsState(mutex, 0, 0, 0);
  same = same && FastLock(&mutex, tid) && IsState(mutex, 1, tid, 1);
  same = same && Real().mutex_trylock(&mutex) == EBUSY;
  // 2 says that somebody waits: glibc wakes one, and leaves the word free.
  mutex.__data.__lock = 2;
  same = same && !FastUnlock(&mutex, tid) && IsState(mutex, 2, tid, 1);
  same = same && Real().mutex_unlock(&mutex) == 0 && IsState(mutex, 0, 0, 0);
  return same;
}

}  // namespace

void VerifyFastPath() {
  int32_t tid = static_cast<int32_t>(syscall(SYS_gettid));
  g_fast_kinds = kPlainKinds;
  bool agree =
      LockIsGlibcs() && Agree(PTHREAD_MUTEX_TIMED_NP, tid) && Agree(PTHREAD_MUTEX_ADAPTIVE_NP, tid);
  if (!agree) g_fast_kinds = kNoKinds;
}

}  // namespace detect::preload
