#include "libdetect/sync/guarded.h"

#include "libdetect/recorder/events.h"

namespace detect::sync {

void CheckHeld(const void* lock, ResourceKind kind, recorder::Caller caller) {
  recorder::ThreadSlot* slot = recorder::CurrentThread();
  if (slot == nullptr || recorder::Holds(slot, lock)) return;
  recorder::Misused(slot, {.misuse = Misuse::kUnguarded, .resource = lock, .kind = kind}, caller);
}

}  // namespace detect::sync
