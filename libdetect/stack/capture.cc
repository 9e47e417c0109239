#include "libdetect/stack/capture.h"

#include <dlfcn.h>
#include <unwind.h>

// Since glibc 2.35: finds unwind tables without a lock; libgcc uses it where it exists.
extern "C" __attribute__((weak)) decltype(_dl_find_object) _dl_find_object;

namespace detect {
namespace {

struct Collector {
  recorder::UnwoundFrame* frames;
  uint32_t max;
  uint32_t count;
};

_Unwind_Reason_Code Collect(_Unwind_Context* context, void* argument) {
  Collector* collector = static_cast<Collector*>(argument);
  int is_exact = 0;  // not a return address: the frame was interrupted by a signal
  uint64_t pc = _Unwind_GetIPInfo(context, &is_exact);
  if (pc == 0 || is_exact || collector->count == collector->max) return _URC_END_OF_STACK;
  collector->frames[collector->count++] = {pc, static_cast<uint64_t>(_Unwind_GetCFA(context))};
  return _URC_NO_REASON;
}

}  // namespace

uint32_t UnwindHere(recorder::UnwoundFrame* frames, uint32_t max) {
  if (&_dl_find_object == nullptr) return 0;
  Collector collector{frames, max, 0};
  _Unwind_Backtrace(Collect, &collector);
  return collector.count;
}

bool IsUnwinderCode(uint64_t pc) {
  dl_find_object here;
  if (&_dl_find_object == nullptr ||
      _dl_find_object(reinterpret_cast<void*>(_Unwind_Backtrace), &here) != 0) {
    return false;
  }
  return pc >= reinterpret_cast<uint64_t>(here.dlfo_map_start) &&
         pc < reinterpret_cast<uint64_t>(here.dlfo_map_end);
}

}  // namespace detect
