#include "libdetect/sync/recursive_lock.h"

#include <limits>
#include <system_error>

namespace detect::sync {

bool RecursiveLock::LockAgain(recorder::Caller caller) {
  if (count_ == std::numeric_limits<uint32_t>::max()) return false;
  ++count_;
  lock_.LockedAgain(caller);
  return true;
}

void RecursiveLock::LockAgainOrThrow(recorder::Caller caller) {
  if (LockAgain(caller)) return;
  throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                          "recursive mutex locked too often");
}

void RecursiveLock::UnlockOnce() {
  --count_;
  lock_.UnlockedOnce();
}

}  // namespace detect::sync
