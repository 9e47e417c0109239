#include "libdetect/sync/exchanger.h"

#include <mutex>

namespace detect::sync {
namespace {

bool IsServed(const MeetingPoint::Guest& guest) {
  return guest.is_served.load(std::memory_order_acquire) % kPoke != 0;  // with Serve
}

}  // namespace

[[gnu::noinline]] MeetingPoint::MeetingPoint(const char* name) : named_(name != nullptr) {
  if (named_) recorder::ResourceCreated(this, ResourceKind::kExchange, name, DETECT_CALLER());
}

MeetingPoint::Guest* MeetingPoint::Meet(Guest* guest) {
  std::lock_guard hold(lock_);
  Guest* const partner = waiting_;
  waiting_ = partner == nullptr ? guest : nullptr;
  return partner;
}

void MeetingPoint::Serve(Guest* guest) {
  FutexWord& word = guest->is_served;
  word.fetch_add(1, std::memory_order_release);
  // Only the word's address from here on.
  FutexWake(word, 1);
}

[[gnu::noinline]] void MeetingPoint::AwaitService(Guest* guest, const Deadline* deadline) {
  recorder::ScopedWait wait(recorder::CurrentThread(),
                            {.resource = recorder::AddressOf(this),
                             .kind = ResourceKind::kExchange,
                             .has_deadline = deadline != nullptr},
                            DETECT_CALLER());
  const Awoken why = Await(guest, {.deadline = deadline, .interruptible = true});
  if (why == Awoken::kLookAgain) return;
  if (!Leave(guest)) {
    // A partner has come, and is about to serve: that cannot be stopped, and is over soon.
    Await(guest, {});
  } else if (why == Awoken::kInterrupted) {
    ThrowInterrupted();
  }
}

// Returns kLookAgain once `guest` was served; else why it gave up before.
Awoken MeetingPoint::Await(Guest* guest, const BlockOptions& options) {
  while (!IsServed(*guest)) {
    const uint32_t word = guest->is_served.load(std::memory_order_relaxed);
    if (word % kPoke != 0) continue;
    const Awoken why = BlockOn(guest->is_served, word, options);
    if (why != Awoken::kLookAgain) return why;
  }
  return Awoken::kLookAgain;
}

// Returns false where a partner has met `guest` already.
bool MeetingPoint::Leave(const Guest* guest) {
  std::lock_guard hold(lock_);
  if (waiting_ != guest) return false;
  waiting_ = nullptr;
  return true;
}

}  // namespace detect::sync
