// Threads: how they begin, what they are called, who waits for their end.

#include <pthread.h>
#include <stdlib.h>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"
#include "tools/preload/in_process.h"
#include "tools/preload/real.h"

namespace detect::preload {
namespace {

using recorder::Caller;
using recorder::ThreadSlot;

struct StartArguments {
  void* (*function)(void*);
  void* argument;
  ThreadSlot* slot;
};

// The thread's end is seen by the recorder itself, however it ends.
void* RunThread(void* argument) {
  StartArguments start = *static_cast<StartArguments*>(argument);
  free(argument);
  recorder::ThreadStarted(start.slot);
  const ScopedTeamThread scheduled(start.slot->number.load(std::memory_order_relaxed));
  BeforeOperation(OperationKind::kThread, nullptr);
  return start.function(start.argument);
}

template <typename Join>
int JoinRecorded(pthread_t thread, bool has_deadline, Caller caller, Join join) {
  ThreadSlot* slot = recorder::CurrentThread();
  ThreadSlot* target =
      slot == nullptr ? nullptr : recorder::FindThreadByNative(static_cast<uint64_t>(thread));
  if (slot != nullptr) BeforeOperation(OperationKind::kWait, target, caller.pc);
  // glibc refuses to join the caller itself. Some of its versions also refuse to join a thread that
  // joins the caller; this one may not.
  if (target == nullptr || target == slot) return join();
  recorder::ScopedWait wait(slot,
                            {.resource = target->number.load(std::memory_order_relaxed),
                             .kind = ResourceKind::kThread,
                             .has_deadline = has_deadline,
                             .owner_tid = target->tid.load(std::memory_order_relaxed)},
                            caller);
  return join();
}

}  // namespace

extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
                   void* argument) noexcept {
  if (recorder::t_state.busy) return Real().create(thread, attributes, function, argument);
  StartInProcessMonitor();
  // The new thread may join its maker, which must be known by then.
  if (recorder::CurrentThread() != nullptr) {
    BeforeOperation(OperationKind::kThread, nullptr, DETECT_CALLER_PC());
  }
  ThreadSlot* slot = recorder::PrepareThread();
  StartArguments* start = nullptr;
  if (slot != nullptr) start = static_cast<StartArguments*>(malloc(sizeof(StartArguments)));
  if (start == nullptr) {
    recorder::AbandonThread(slot);
    return Real().create(thread, attributes, function, argument);
  }
  *start = {function, argument, slot};
  uint32_t number = slot->number.load(std::memory_order_relaxed);
  int result = Real().create(thread, attributes, RunThread, start);
  if (result != 0) {
    recorder::AbandonThread(slot);
    free(start);
  } else if (slot->number.load(std::memory_order_relaxed) == number) {
    // The caller may name or join the thread before that one has come to say who it is.
    uint64_t unknown = 0;
    slot->native.compare_exchange_strong(unknown, static_cast<uint64_t>(*thread));
  }
  return result;
}

int pthread_join(pthread_t thread, void** result) {
  return JoinRecorded(thread, false, DETECT_CALLER(), [=] { return Real().join(thread, result); });
}

int pthread_timedjoin_np(pthread_t thread, void** result, const timespec* deadline) {
  return JoinRecorded(thread, deadline != nullptr, DETECT_CALLER(),
                      [=] { return Real().timedjoin(thread, result, deadline); });
}

int pthread_clockjoin_np(pthread_t thread, void** result, clockid_t clock,
                         const timespec* deadline) {
  return JoinRecorded(thread, deadline != nullptr, DETECT_CALLER(),
                      [=] { return Real().clockjoin(thread, result, clock, deadline); });
}

int pthread_setname_np(pthread_t thread, const char* name) noexcept {
  int result = Real().setname(thread, name);
  if (result == 0) {
    recorder::SetThreadName(recorder::FindThreadByNative(static_cast<uint64_t>(thread)), name);
  }
  return result;
}

}  // extern "C"

}  // namespace detect::preload
