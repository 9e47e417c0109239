#include "libdetect/recorder/victim.h"

#include <atomic>

namespace detect::recorder {
namespace {

constinit std::atomic<VictimHandler> g_handler{nullptr};

}  // namespace

void SetVictimHandler(VictimHandler handler) {
  g_handler.store(handler, std::memory_order_release);
}

bool ChooseVictim(uint32_t thread_number) {
  VictimHandler handler = g_handler.load(std::memory_order_acquire);
  return handler != nullptr && handler(thread_number);
}

}  // namespace detect::recorder
