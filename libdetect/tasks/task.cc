#include "libdetect/tasks/task.h"

#include <cxxabi.h>

#include <exception>
#include <future>

namespace detect::tasks {

Task::~Task() {
  if (state_->IsClaimed()) return;
  state_->Fail(std::make_exception_ptr(std::future_error(std::future_errc::broken_promise)));
}

[[gnu::noinline]] void Task::Run(sync::Interruption* worker) {
  FutureState::ScopedRun run(state_.get(), worker, DETECT_CALLER());
  // After the run began: whoever cancels the task from now on finds somebody to interrupt.
  if (state_->IsClaimed()) return;
  try {
    Call(run);
  } catch (const abi::__forced_unwind&) {  // pthread_exit, cancellation
    throw;
  } catch (...) {
    run.End();
    state_->Fail(std::current_exception());
  }
}

}  // namespace detect::tasks
