// A process to be symbolized: prints a name and an address a line, closes stdout, waits.
//
// Changing a line here may change a line number in symbolizer_test.cc.
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>

struct Branch {
  long id = 0;
  std::mutex mu;
};

struct Bank {
  int opened = 1907;
  std::mutex accounts_mu;
  Branch branches[4];
  std::array<std::mutex, 2> vaults;
};

Bank bank;
std::mutex audit;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
namespace house {
std::mutex keys;
}
char big_buffer[1 << 20];  // so that .bss goes beyond the page that the file's data ends in
std::mutex behind_big_buffer;

[[gnu::noinline]] void* WhereCalled() { return __builtin_return_address(0); }

void Say(const char* name, const volatile void* address) {
  std::printf("%s %p\n", name, const_cast<const void*>(address));
}

struct Teller {
  [[gnu::always_inline]] inline void* Pay(int amount) {
    void* where = WhereCalled();  // line 41
    bank.opened += amount;
    return where;
  }
};

[[gnu::noinline]] void* Withdraw(Teller& teller, int amount) {
  void* where = teller.Pay(amount);  // line 48
  bank.opened += 1;
  return where;
}

extern "C" [[gnu::noinline]] void* c_function(int amount) {
  void* where = WhereCalled();  // line 54
  bank.opened += amount;
  return where;
}

namespace house {
// clang describes it inside the namespace, GCC outside.
[[gnu::noinline]] void* Open(Teller& teller, int amount) {
  void* where = teller.Pay(amount);
  bank.opened += 2;
  return where;
}
}  // namespace house

int main(int argc, char**) {
  Teller teller;
  Say("inlined", Withdraw(teller, argc));
  Say("c", c_function(argc));
  Say("libc", static_cast<char*>(dlsym(RTLD_DEFAULT, "getenv")) + 1);
  Say("bank.accounts_mu", &bank.accounts_mu);
  Say("bank.branches[2].mu", &bank.branches[2].mu);
  Say("bank.vaults[1]", &bank.vaults[1]);
  Say("bank.opened", &bank.opened);
  Say("audit", &audit);
  Say("log_mutex", &log_mutex);
  Say("house::keys", &house::keys);
  Say("house::Open", house::Open(teller, argc));
  Say("behind_big_buffer", &behind_big_buffer);
  Say("heap", std::malloc(100));
  Say("stack", &teller);
  std::fclose(stdout);
  pause();
}
