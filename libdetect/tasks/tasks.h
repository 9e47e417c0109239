// The task tools, all of them: what a program uses in place of threads that it starts by hand.
#pragma once

#include "libdetect/tasks/completion_queue.h"
#include "libdetect/tasks/future.h"
#include "libdetect/tasks/queue.h"
#include "libdetect/tasks/shutdown.h"
#include "libdetect/tasks/thread_pool.h"
