// Locks and unlocks a mutex that nobody else wants, and prints how often it slept at that.
#include <sys/resource.h>

#include <cstdio>
#include <mutex>

#ifdef SLEEPLESS_LINKED
#include "libdetect/sync/mutex.h"
using Mutex = detect::mutex;
#else
using Mutex = std::mutex;
#endif

namespace {

long CountSleeps() {
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

}  // namespace

int main() {
  Mutex mu;
  const long before = CountSleeps();
  for (int i = 0; i < 2000; ++i) std::lock_guard hold(mu);
  std::printf("%ld\n", CountSleeps() - before);
  return 0;
}
