// In C, because C++ declares that a lock is not unwound through.
#define _GNU_SOURCE
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

volatile int g_cancellable_tid;

void* LockCancellably(void* mutex) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  g_cancellable_tid = gettid();
  pthread_mutex_lock(mutex);
  return NULL;
}
