// HistoryRecorder writes down what threads do to an object, while they do it.
//
//   HistoryRecorder<Model> recorder(threads, 100);            // 100 calls for each thread
//   ...
//   recorder.Record(index, Model::Put(1), [&] { queue.put(1); return Model::Done(); });
//   ...                                                       // all threads are at rest
//   CheckHistory(recorder.Take())
//
// Each thread writes to memory of its own: no lock, no allocation, and nothing of it is shared. A
// call that throws, or never comes back, is one of unknown outcome.
//
// The times are those of CLOCK_MONOTONIC. The invocation's is taken before the call reads anything,
// and the return's when all that the call wrote can be seen by others, past the store buffer of its
// processor: so a call cannot seem shorter than it was, and no history fails for what a processor
// alone has put off.
//
// Threads: each records with an index of its own. Cost: two times 50 ns or so a call, by
// //tests/benchmarks:history_benchmark. Memory: for all calls from the beginning.
#pragma once

#include <immintrin.h>
#include <time.h>

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "libdetect/harness/history.h"

namespace detect {

// Returns the time in nanoseconds, before anything that follows is read.
inline uint64_t InvocationTime() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  _mm_lfence();
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// Returns the time in nanoseconds, after all that was written is visible.
inline uint64_t ReturnTime() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

template <SequentialModel Model>
class HistoryRecorder {
 public:
  using Input = typename Model::Input;
  using Output = typename Model::Output;

  HistoryRecorder(size_t threads, size_t calls_each) : logs_(threads) {
    for (Log& log : logs_) log.calls.resize(calls_each);
  }

  // Runs `call`, which returns an Output, and returns that. Requires: `thread` is below the number
  // of threads, and has room for one more call.
  template <typename Call>
  Output Record(uint32_t thread, Input input, Call&& call) {
    Log& log = logs_[thread];
    assert(log.size < log.calls.size());
    RecordedCall<Model>& recorded = log.calls[log.size++];
    recorded.thread = thread;
    recorded.input = std::move(input);
    recorded.time.invoked = InvocationTime();
    Output output = std::forward<Call>(call)();
    recorded.time.returned = ReturnTime();
    recorded.output = output;
    return output;
  }

  // Returns all calls, and forgets them. Requires: no thread is recording.
  History<Model> Take() {
    History<Model> history;
    for (Log& log : logs_) {
      for (size_t i = 0; i < log.size; ++i) {
        history.push_back(std::exchange(log.calls[i], RecordedCall<Model>()));
      }
      log.size = 0;
    }
    return history;
  }

 private:
  // Two cache lines, because processors fetch them in pairs.
  struct alignas(128) Log {
    std::vector<RecordedCall<Model>> calls;
    size_t size = 0;
  };

  std::vector<Log> logs_;
};

}  // namespace detect
