// The instrumented primitives, all of them. Code written for std:: compiles after
//
//   namespace lib = detect;        // was: namespace lib = std;
//
// Linking any of them turns recording on before main; detect::Monitor or FindDeadlockedThreads()
// (libdetect/monitor/monitor.h) look at what was recorded.
#pragma once

#include "libdetect/sync/barrier.h"
#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/condition_variable_any.h"
#include "libdetect/sync/exchanger.h"
#include "libdetect/sync/guarded.h"
#include "libdetect/sync/instrumented.h"
#include "libdetect/sync/interrupted.h"
#include "libdetect/sync/jthread.h"
#include "libdetect/sync/latch.h"
#include "libdetect/sync/lock_rank.h"
#include "libdetect/sync/locks.h"
#include "libdetect/sync/mutex.h"
#include "libdetect/sync/once.h"
#include "libdetect/sync/recursive_mutex.h"
#include "libdetect/sync/recursive_timed_mutex.h"
#include "libdetect/sync/semaphore.h"
#include "libdetect/sync/shared_mutex.h"
#include "libdetect/sync/shared_timed_mutex.h"
#include "libdetect/sync/synchronized.h"
#include "libdetect/sync/this_thread.h"
#include "libdetect/sync/thread.h"
#include "libdetect/sync/thread_confined.h"
#include "libdetect/sync/thread_local_slot.h"
#include "libdetect/sync/timed_mutex.h"
