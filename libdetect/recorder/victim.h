// The one call that goes down instead of up: who finds a deadlock asks whoever blocks a thread to
// make that thread's lock call fail.
//
//   monitor ── ChooseVictim(7) ──► handler, set by sync ──► lock() throws in thread 7
//
// Context: monitor. Threads: any.
#pragma once

#include <cstdint>

namespace detect::recorder {

// Returns whether the thread with that number was blocked in a lock call that now gives up.
using VictimHandler = bool (*)(uint32_t thread_number);

void SetVictimHandler(VictimHandler handler);

// Returns false, and nothing happens, where the thread is not blocked in a lock call that can give
// up: then another member of the cycle may be.
bool ChooseVictim(uint32_t thread_number);

}  // namespace detect::recorder
