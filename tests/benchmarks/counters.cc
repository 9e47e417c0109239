#include "tests/benchmarks/counters.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

namespace detect::benchmarks {
namespace {

int Open(uint64_t event) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.size = sizeof(attributes);
  attributes.config = event;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  return static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

double ReadCount(int fd) {
  uint64_t count = 0;
  if (fd < 0 || read(fd, &count, sizeof(count)) != sizeof(count)) return 0;
  return static_cast<double>(count);
}

void Close(int fd) {
  if (fd >= 0) close(fd);
}

}  // namespace

Counters::Counters()
    : cycles_(Open(PERF_COUNT_HW_CPU_CYCLES)), instructions_(Open(PERF_COUNT_HW_INSTRUCTIONS)) {}

Counters::~Counters() {
  Close(cycles_);
  Close(instructions_);
}

Cost Counters::Read() const {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return {.ns = static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec),
          .cycles = ReadCount(cycles_),
          .instructions = ReadCount(instructions_)};
}

}  // namespace detect::benchmarks
