// shutdown_and_await_termination ends a pool whatever its tasks do, short of one that ignores all.
//
//   shutdown ──► wait ──► shutdown_now: interrupt what runs, drop what queues ──► wait again
//
// Threads: any, outside the pool's own tasks. Blocks: at most twice the timeout.
#pragma once

#include <chrono>

#include "libdetect/tasks/thread_pool.h"

namespace detect {

// Returns whether the pool has terminated. What was not started by the end of the first timeout
// never is: its futures have future_errc::broken_promise. Where the caller is interrupted while it
// waits, it throws detect::interrupted, after it has interrupted the pool's tasks.
bool shutdown_and_await_termination(thread_pool& pool, std::chrono::nanoseconds timeout);

}  // namespace detect
