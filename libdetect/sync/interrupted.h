// What an interruptible wait throws in a thread that was interrupted.
//
//   thread.interrupt() ─► condition, semaphore, queue, sleep, lock_interruptibly, … ─► interrupted
//
// It derives from nothing, and on purpose: it tells a thread to stop, it is no error. Code between
// the wait and whoever started the thread often says `catch (const std::exception&)`, logs it and
// goes on, as a pool does between two tasks; that would take the request to stop for a failed
// operation. Whoever means this one catches it by name. A thread whose callable lets it out ends
// like any other.
#pragma once

namespace detect {

struct interrupted {};

}  // namespace detect
