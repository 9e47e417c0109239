// UnwindHere walks the calling thread's stack by the compiler's unwind tables.
//
// It uses libgcc's unwinder directly: Boost.Stacktrace's raw frames carry return addresses only,
// and the recorder also needs each frame's stack pointer, to learn frame sizes
// (recorder/call_site.h).
//
// Context: hot, but only for code that was not met before. Signal-safe: yes. It neither allocates
// nor takes a lock: on a C library older than glibc 2.35, where finding the tables takes the
// loader's lock, it returns nothing.
#pragma once

#include <cstdint>

#include "libdetect/recorder/call_site.h"

namespace detect {

// Fills `frames` from the caller outward, at most `max`; returns how many. Ends before a signal
// frame. Cost: about 1 us a frame.
uint32_t UnwindHere(recorder::UnwoundFrame* frames, uint32_t max);

// Whether `pc` is in the library that unwinds, libgcc. Its only lock guards the tables that a
// program registers itself, as a just-in-time compiler does; once there are any, unwinding takes it
// too. So whoever sees libgcc lock must not unwind any more.
bool IsUnwinderCode(uint64_t pc);

}  // namespace detect
