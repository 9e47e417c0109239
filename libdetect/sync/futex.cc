#include "libdetect/sync/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace detect::sync {
namespace {

timespec ToTimespec(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {seconds.count(), (time - seconds).count()};
}

}  // namespace

bool FutexWait(const FutexWord& word, uint32_t expected, const Deadline* deadline, uint32_t bits) {
  const int saved_errno = errno;
  int operation = FUTEX_WAIT_BITSET_PRIVATE;
  timespec at{};
  if (deadline != nullptr) {
    at = ToTimespec(deadline->since_epoch);
    if (deadline->clock == CLOCK_REALTIME) operation |= FUTEX_CLOCK_REALTIME;
  }
  const long result =
      syscall(SYS_futex, &word, operation, expected, deadline == nullptr ? nullptr : &at, 0, bits);
  const bool timed_out = result != 0 && errno == ETIMEDOUT;
  errno = saved_errno;
  return !timed_out;
}

int FutexWake(const FutexWord& word, int count, uint32_t bits) {
  const int saved_errno = errno;
  const long woken = syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, count, 0, 0, bits);
  errno = saved_errno;
  return woken > 0 ? static_cast<int>(woken) : 0;
}

}  // namespace detect::sync
