#include "libdetect/snapshot/guarded_copy.h"

#include <setjmp.h>
#include <signal.h>

namespace detect {
namespace {

thread_local constinit sigjmp_buf* t_escape = nullptr;

void OnBusError(int signal) {
  if (t_escape != nullptr) siglongjmp(*t_escape, 1);
  // Not ours: let it do what it would have done.
  ::signal(signal, SIG_DFL);
  raise(signal);
}

}  // namespace

constinit bool g_copies_are_guarded = false;

void EnableGuardedCopy() {
  if (g_copies_are_guarded) return;
  struct sigaction action = {};
  action.sa_handler = OnBusError;
  action.sa_flags = SA_NODEFER;  // the handler leaves by a jump
  sigaction(SIGBUS, &action, nullptr);
  g_copies_are_guarded = true;
}

bool GuardedCopySlow(const void* from, void* to, size_t words) {
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
