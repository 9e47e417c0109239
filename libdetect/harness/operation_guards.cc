#include "libdetect/harness/operation_guards.h"

#include <pthread.h>
#include <stdlib.h>

#include "libdetect/harness/contended_run.h"

namespace detect {
namespace {

// What the calling thread is in; null where it is in none.
constinit thread_local ContendedRun* t_run = nullptr;
constinit thread_local const Contender* t_self = nullptr;

void OnFork() {
  if (t_run != nullptr) t_run->Forked(*t_self);
}
void OnForkInChild() {
  if (t_run != nullptr) t_run->BecameChild();
}
void OnExit() {
  if (t_run != nullptr) t_run->Exits(*t_self);
}

}  // namespace

ScopedOperation::ScopedOperation(ContendedRun& run, const Contender& self) {
  // Not before the first run: handlers that are registered later are called earlier, and a program
  // that never runs one is left alone.
  [[maybe_unused]] static const bool registered =
      pthread_atfork(nullptr, OnFork, OnForkInChild) == 0 && atexit(OnExit) == 0 &&
      at_quick_exit(OnExit) == 0;
  t_self = &self;
  t_run = &run;
}

ScopedOperation::~ScopedOperation() { t_run = nullptr; }

}  // namespace detect
