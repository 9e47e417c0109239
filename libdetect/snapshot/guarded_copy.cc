#include "libdetect/snapshot/guarded_copy.h"

#include <setjmp.h>
#include <signal.h>

#include <cstdint>

namespace detect {
namespace {

constinit bool g_enabled = false;
thread_local constinit sigjmp_buf* t_escape = nullptr;

void OnBusError(int signal) {
  if (t_escape != nullptr) siglongjmp(*t_escape, 1);
  // Not ours: let it do what it would have done.
  ::signal(signal, SIG_DFL);
  raise(signal);
}

void CopyWords(const void* from, void* to, size_t words) {
  const uint64_t* source = static_cast<const uint64_t*>(from);
  uint64_t* target = static_cast<uint64_t*>(to);
  for (size_t i = 0; i < words; ++i) {
    // The writer's stores are atomic too; see Ordering in recorder/region.h.
    target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
  }
}

}  // namespace

void EnableGuardedCopy() {
  if (g_enabled) return;
  struct sigaction action = {};
  action.sa_handler = OnBusError;
  action.sa_flags = SA_NODEFER;  // the handler leaves by a jump
  sigaction(SIGBUS, &action, nullptr);
  g_enabled = true;
}

bool GuardedCopy(const void* from, void* to, size_t words) {
  if (!g_enabled) {
    CopyWords(from, to, words);
    return true;
  }
  sigjmp_buf escape;
  if (sigsetjmp(escape, 0) != 0) {
    t_escape = nullptr;
    return false;
  }
  t_escape = &escape;
  CopyWords(from, to, words);
  t_escape = nullptr;
  return true;
}

}  // namespace detect
