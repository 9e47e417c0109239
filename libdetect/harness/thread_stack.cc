#include "libdetect/harness/thread_stack.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include <atomic>
#include <chrono>
#include <mutex>

namespace detect {
namespace {

constexpr std::chrono::milliseconds kAnswerTime{200};
constexpr uint32_t kMaxFrames = 64;

// The one request that there is at a time.
struct Request {
  std::mutex mutex;  // of who asks
  // Whom: its kernel id. 0: nobody; kAnswering: that thread is writing.
  std::atomic<int32_t> wanted{0};
  std::atomic<bool> answered{false};
  // By the thread that answers, until it says so.
  uint64_t frames[kMaxFrames] = {};
  uint32_t count = 0;
  bool below_handler = false;  // past the frames of the handler itself
};
constexpr int32_t kAnswering = -1;
constinit Request g_request;

_Unwind_Reason_Code Collect(_Unwind_Context* context, void*) {
  int is_exact = 0;  // not a return address: where the signal came
  const uint64_t pc = _Unwind_GetIPInfo(context, &is_exact);
  if (pc == 0 || g_request.count == kMaxFrames) return _URC_END_OF_STACK;
  if (is_exact != 0) g_request.below_handler = true;
  if (g_request.below_handler) g_request.frames[g_request.count++] = pc + (is_exact != 0 ? 1 : 0);
  return _URC_NO_REASON;
}

void Answer(int) {
  const int saved_errno = errno;
  int32_t self = gettid();
  if (g_request.wanted.compare_exchange_strong(self, kAnswering, std::memory_order_acquire)) {
    g_request.count = 0;
    g_request.below_handler = false;
    _Unwind_Backtrace(Collect, nullptr);
    g_request.answered.store(true, std::memory_order_release);  // with StackOf
  }
  errno = saved_errno;
}

// Returns a signal that nobody else handles, ours from now on; 0 where there is none.
int TakeSignal() {
  for (int number = SIGRTMAX - 1; number > SIGRTMIN; --number) {
    struct sigaction old {};
    if (sigaction(number, nullptr, &old) != 0 || old.sa_handler != SIG_DFL) continue;
    struct sigaction action {};
    action.sa_handler = Answer;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    if (sigaction(number, &action, nullptr) == 0) return number;
  }
  return 0;
}

}  // namespace

std::vector<uint64_t> StackOf(int32_t tid) {
  static const int signal_number = TakeSignal();
  if (signal_number == 0) return {};
  const std::lock_guard hold(g_request.mutex);
  g_request.answered.store(false, std::memory_order_relaxed);
  g_request.wanted.store(tid, std::memory_order_release);  // with Answer
  const bool is_sent = syscall(SYS_tgkill, getpid(), tid, signal_number) == 0;
  const auto deadline = std::chrono::steady_clock::now() + kAnswerTime;
  while (!g_request.answered.load(std::memory_order_acquire)) {
    const bool is_late = !is_sent || std::chrono::steady_clock::now() >= deadline;
    int32_t nobody = tid;
    // Once it answers it is waited for: what it writes to is needed again.
    if (is_late && g_request.wanted.compare_exchange_strong(nobody, 0)) return {};
    sched_yield();
  }
  g_request.wanted.store(0, std::memory_order_relaxed);
  return {g_request.frames, g_request.frames + g_request.count};
}

}  // namespace detect
