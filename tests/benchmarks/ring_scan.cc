// What one scan costs: threads that really block in a ring of detect::mutex, and the scan that
// Monitor makes of them, again and again. Nobody is paused for it.
//
//   ring_scan THREADS         prints the median microseconds of a scan
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <memory>
#include <vector>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/snapshot/region_reader.h"
#include "libdetect/sync/mutex.h"

namespace detect::benchmarks {
namespace {

constexpr size_t kStackBytes = 64 * 1024;
constexpr int kScans = 201;

struct Ring {
  explicit Ring(size_t size) : locks(size), all_hold_one(static_cast<ptrdiff_t>(size)) {}

  std::vector<mutex> locks;
  std::latch all_hold_one;
};

struct Member {
  Ring* ring;
  size_t position;
};

void* HoldOneWaitForTheNext(void* argument) {
  const auto* self = static_cast<const Member*>(argument);
  Ring& ring = *self->ring;
  ring.locks[self->position].lock();
  ring.all_hold_one.arrive_and_wait();
  ring.locks[(self->position + 1) % ring.locks.size()].lock();
  return nullptr;
}

// Starts the threads, none of which ever ends. Returns false when the system refuses one.
bool Start(std::vector<Member>& members) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  return std::all_of(members.begin(), members.end(), [&](Member& member) {
    pthread_t thread;
    return pthread_create(&thread, &attributes, HoldOneWaitForTheNext, &member) == 0;
  });
}

bool IsWholeRing(const std::vector<Deadlock>& found, size_t size) {
  return found.size() == 1 && found[0].members.size() == size;
}

int Measure(size_t size) {
  Ring ring(size);
  std::vector<Member> members;
  for (size_t i = 0; i < size; ++i) members.push_back({&ring, i});
  if (!Start(members)) {
    std::fprintf(stderr, "ring_scan: the system refuses %zu threads\n", size);
    return 1;
  }
  std::unique_ptr<RegionReader> reader = RegionReader::OfThisProcess();
  while (!IsWholeRing(FindDeadlocks(reader->Read()), size)) {
  }

  std::vector<double> microseconds;
  for (int i = 0; i < kScans; ++i) {
    auto begin = std::chrono::steady_clock::now();
    std::vector<Deadlock> found = FindDeadlocks(reader->Read());
    std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - begin;
    if (!IsWholeRing(found, size)) return 1;
    microseconds.push_back(elapsed.count());
  }
  auto middle = microseconds.begin() + kScans / 2;
  std::nth_element(microseconds.begin(), middle, microseconds.end());
  std::printf("%.1f\n", *middle);
  std::fflush(stdout);
  return 0;
}

}  // namespace
}  // namespace detect::benchmarks

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: ring_scan THREADS\n");
    return 2;
  }
  // The ring still hangs on its locks: nothing may be destroyed.
  _exit(detect::benchmarks::Measure(std::strtoul(argv[1], nullptr, 10)));
}
