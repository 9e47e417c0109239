#include "libdetect/sync/this_thread.h"

#include "libdetect/sync/block.h"
#include "libdetect/sync/interruption.h"

namespace detect {
namespace sync {

void SleepUntil(const Deadline& deadline) {
  FutexWord nobody_wakes{0};
  Awoken why;
  do {
    why = BlockOn(nobody_wakes, 0, {.deadline = &deadline, .interruptible = true});
  } while (why == Awoken::kLookAgain);
  if (why == Awoken::kInterrupted) ThrowInterrupted();
}

}  // namespace sync

namespace this_thread {

bool interrupted() noexcept {
  sync::Interruption* interruption = sync::Interruption::OfCaller();
  return interruption != nullptr && interruption->Take();
}

bool is_interrupted() noexcept {
  const sync::Interruption* interruption = sync::Interruption::OfCaller();
  return interruption != nullptr && interruption->IsPending();
}

void interruption_point() { sync::ThrowIfInterrupted(); }

}  // namespace this_thread
}  // namespace detect
