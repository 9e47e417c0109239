#include "tools/preload/real.h"

#include <dlfcn.h>
#include <errno.h>

namespace detect::preload {

constinit RealFunctions g_real{};
constinit std::atomic<bool> g_real_found{false};

namespace {

// A function that this C library is too old to have: nobody who links with it can call it.
template <typename... Parameters>
int Missing(Parameters...) {
  return ENOSYS;
}

template <typename... Parameters>
void Find(int (**function)(Parameters...), const char* symbol, const char* version) {
  void* found = version == nullptr ? dlsym(RTLD_NEXT, symbol) : dlvsym(RTLD_NEXT, symbol, version);
  if (found == nullptr && version != nullptr) found = dlsym(RTLD_NEXT, symbol);
  *function =
      found != nullptr ? reinterpret_cast<int (*)(Parameters...)>(found) : &Missing<Parameters...>;
}

}  // namespace

// Threads that come here at once store the same values.
void FindRealFunctions() {
  RealFunctions real;
#define DETECT_FIND(member, symbol, version, parameters) Find(&real.member, symbol, version);
  DETECT_REAL_FUNCTIONS(DETECT_FIND)
#undef DETECT_FIND
  g_real = real;
  g_real_found.store(true, std::memory_order_release);
}

}  // namespace detect::preload
