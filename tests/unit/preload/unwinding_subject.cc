// Exceptions and unwind tables: what the shim's own unwinding must not disturb.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mutex>
#include <stdexcept>

#include "tests/unit/preload/subject.h"

using subject::InThread;
using subject::Say;

// In libgcc: how a just-in-time compiler makes its code known. They lock a mutex of libgcc's.
extern "C" void __register_frame(void* tables);
extern "C" void __deregister_frame(void* tables);

namespace {

pthread_mutex_t g_mutex = PTHREAD_MUTEX_INITIALIZER;

// Unwind tables for 16 bytes of code: one common entry and one for the code, as in .eh_frame.
struct __attribute__((packed)) Tables {
  uint32_t common_bytes = 20;
  uint32_t common_id = 0;
  uint8_t version = 1;
  char augmentation[3] = {'z', 'R', '\0'};
  uint8_t code_align = 1;
  uint8_t data_align = 0x78;  // -8
  uint8_t return_register = 16;
  uint8_t augmentation_bytes = 1;
  uint8_t pointer_encoding = 0;  // absolute
  uint8_t rules[7] = {0x0c, 7, 8, 0x90, 1, 0, 0};
  uint32_t code_bytes = 28;
  uint32_t to_common = 28;
  void* begin = nullptr;
  uint64_t size = 16;
  uint8_t code_rules[8] = {};
  uint32_t end = 0;
};
static_assert(offsetof(Tables, code_bytes) == 24 && offsetof(Tables, end) == 56);

void ThrowAndCatch() {
  try {
    throw std::runtime_error("caught");
  } catch (const std::exception& error) {
    Say("%s", error.what());
  }
}

}  // namespace

CASE(FramesAreRegisteredAndExceptionsThrown) {
  static char code[3][16];
  Tables tables[3];
  for (int i = 0; i < 3; ++i) {
    tables[i].begin = code[i];
    __register_frame(&tables[i]);
    Say("registered");
    ThrowAndCatch();
  }
  InThread(ThrowAndCatch);
  __deregister_frame(&tables[1]);
  ThrowAndCatch();
  for (int i : {0, 2}) __deregister_frame(&tables[i]);
  Say("not registered");
}

CASE(ExceptionsPassLocks) {
  std::mutex mutex;
  for (int i = 0; i < 3; ++i) {
    try {
      std::lock_guard<std::mutex> lock(mutex);
      ThrowAndCatch();
      throw i;
    } catch (int number) {
      Say("caught %d", number);
    }
  }
  CALL(pthread_mutex_trylock(mutex.native_handle()));
}

CASE(FramesOfVaryingSize) {
  int failed = 0;
  for (size_t bytes = 1; bytes < 3000; bytes += 97) {
    char* memory = static_cast<char*>(__builtin_alloca(bytes));
    memset(memory, 0xff, bytes);
    failed += pthread_mutex_lock(&g_mutex) != 0;
    failed += pthread_mutex_unlock(&g_mutex) != 0;
  }
  Say("failed %d", failed);
}
