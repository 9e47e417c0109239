#include "libdetect/tasks/future_state.h"

#include <mutex>

#include "libdetect/base/schedule.h"
#include "libdetect/sync/block.h"
#include "libdetect/sync/thread_local_slot.h"

namespace detect::tasks {
namespace {

uint32_t DepthOf(const recorder::ThreadSlot* slot) {
  return slot == nullptr ? 0 : slot->depth.load(std::memory_order_relaxed);
}

}  // namespace

[[gnu::noinline]] void FutureState::Wait() { Block(nullptr, DETECT_CALLER()); }

[[gnu::noinline]] bool FutureState::WaitUntil(const sync::Deadline& deadline) {
  return Block(&deadline, DETECT_CALLER());
}

bool FutureState::Block(const sync::Deadline* deadline, recorder::Caller caller) {
  BeforeOperation(OperationKind::kWait, this, caller.pc);
  uint32_t word = word_.load(std::memory_order_acquire);  // with Publish
  if (Phase(word) == kReady) return true;
  const recorder::WaitFor what{.resource = recorder::AddressOf(this),
                               .kind = ResourceKind::kFuture,
                               .has_deadline = deadline != nullptr,
                               .pool = recorder::AddressOf(pool_),
                               .owner_tid = runner_tid_.load(std::memory_order_relaxed),
                               .owner_offset = RunnerOffset()};
  recorder::ScopedWait wait(recorder::CurrentThread(), what, caller);
  while (Phase(word) != kReady) {
    switch (sync::BlockOn(word_, word, {.deadline = deadline, .interruptible = true})) {
      case sync::Awoken::kTimedOut:
        return IsReady();
      case sync::Awoken::kInterrupted:
        sync::ThrowInterrupted();
      case sync::Awoken::kLookAgain:
      case sync::Awoken::kVictim:  // not asked for
        break;
    }
    word = word_.load(std::memory_order_acquire);  // with Publish
  }
  return true;
}

bool FutureState::Claim() {
  uint32_t word = word_.load(std::memory_order_relaxed);
  while (Phase(word) == kUnset) {
    if (word_.compare_exchange_weak(word, word + (kSetting - kUnset), std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

void FutureState::Unclaim() { word_.fetch_sub(kSetting - kUnset, std::memory_order_relaxed); }

void FutureState::Publish() {
  BeforeOperation(OperationKind::kSignal, this);
  word_.fetch_add(kReady - kSetting, std::memory_order_release);  // with IsReady, Block
  sync::FutexWake(word_, sync::kAllSleepers);
  // It often keeps the state alive: forgotten, it no longer does.
  if (on_ready) std::exchange(on_ready, nullptr)();
}

bool FutureState::Fail(std::exception_ptr error) {
  if (!Claim()) return false;
  error_ = std::move(error);
  Publish();
  return true;
}

bool FutureState::Cancel() {
  if (!is_task_ || !Claim()) return false;
  error_ = std::make_exception_ptr(task_cancelled());
  RequestStop();
  Publish();
  return true;
}

void FutureState::RequestStop() {
  stop_.request_stop();
  std::lock_guard hold(runner_lock_);
  if (runner_ != nullptr) runner_->Request();
}

FutureState::ScopedRun::ScopedRun(FutureState* state, sync::Interruption* worker,
                                  recorder::Caller caller)
    : state_(state),
      worker_(worker),
      slot_(recorder::CurrentThread()),
      depth_(DepthOf(slot_)),
      mark_(sync::MarkSlots()) {
  {
    std::lock_guard hold(state->runner_lock_);
    state->runner_ = worker;
  }
  state->runner_tid_.store(sync::TidOf(slot_), std::memory_order_relaxed);
  if (slot_ != nullptr) {
    recorder::Acquired(slot_, state, ResourceKind::kFuture, AccessMode::kExclusive, caller);
  }
}

void FutureState::ScopedRun::End() {
  if (state_ == nullptr) return;
  {
    std::lock_guard hold(state_->runner_lock_);
    state_->runner_ = nullptr;
  }
  // Who wanted to interrupt this task has done so: it is not the next one's business.
  if (worker_ != nullptr) worker_->Take();
  if (slot_ != nullptr) recorder::Released(slot_, state_);
  recorder::MisusedIfHeld(slot_, depth_);
  for (const sync::FilledSlot& filled : sync::SlotsFilledSince(mark_)) {
    recorder::MisusedAt(slot_, {.misuse = Misuse::kLeftover, .resource = filled.slot}, filled.site);
  }
  state_->runner_tid_.store(0, std::memory_order_relaxed);
  state_ = nullptr;
}

}  // namespace detect::tasks
