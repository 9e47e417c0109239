#include "libdetect/tasks/shutdown.h"

#include "libdetect/sync/interrupted.h"

namespace detect {

bool shutdown_and_await_termination(thread_pool& pool, std::chrono::nanoseconds timeout) {
  pool.shutdown();
  try {
    if (pool.await_termination(timeout)) return true;
    pool.shutdown_now();
    return pool.await_termination(timeout);
  } catch (const interrupted&) {
    pool.shutdown_now();
    throw;
  }
}

}  // namespace detect
