#include "libdetect/recorder/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace detect::recorder {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kStep = 64 * 1024;
constexpr uint32_t kFirstThreads = 16;
constexpr int kMaxFilesPerPid = 1000;  // one per exec of the same process

// The growing tables of the region, each with the end of what may be written.
constinit std::atomic<uint64_t> g_threads_end{0};
constinit std::atomic<uint64_t> g_sites_end{0};
constinit std::atomic<uint64_t> g_resources_end{0};
// Private memory needs no asking.
constinit std::atomic<bool> g_is_file{false};
constinit Region* g_region = nullptr;

uint64_t RoundUp(uint64_t value, uint64_t step) { return (value + step - 1) / step * step; }

// A file larger than the program's own limit would be answered with a signal.
bool FileMayGrowTo(uint64_t bytes) {
  rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
         (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= bytes);
}

int CreateRegionFile(const char* directory) {
  char path[PATH_MAX];
  for (int n = 0; n < kMaxFilesPerPid; ++n) {
    int length = snprintf(path, sizeof(path), "%s/%d-%d.region", directory, getpid(), n);
    if (length < 0 || length >= static_cast<int>(sizeof(path))) return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

Region* MapFile(const char* directory) {
  if (!FileMayGrowTo(sizeof(Region))) return nullptr;
  int fd = CreateRegionFile(directory);
  if (fd < 0) return nullptr;
  constexpr off_t kFirst = offsetof(Region, threads) + kFirstThreads * sizeof(ThreadSlot);
  void* memory = MAP_FAILED;
  if (ftruncate(fd, sizeof(Region)) == 0 && posix_fallocate(fd, 0, kFirst) == 0) {
    memory = mmap(nullptr, sizeof(Region), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  close(fd);
  return memory == MAP_FAILED ? nullptr : static_cast<Region*>(memory);
}

// A program that was given little address space keeps it.
bool AddressSpaceIsScarce() {
  constexpr rlim_t kEnough = 16 * sizeof(Region);
  rlimit limit;
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur < kEnough;
}

Region* MapPrivate() {
  void* memory = mmap(nullptr, sizeof(Region), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<Region*>(memory);
}

// Returns the mark of the table that `address` is in.
std::atomic<uint64_t>* EndOfTable(uint64_t address) {
  if (address >= reinterpret_cast<uint64_t>(g_region->resources)) return &g_resources_end;
  if (address >= reinterpret_cast<uint64_t>(g_region->sites)) return &g_sites_end;
  return &g_threads_end;
}

}  // namespace

Region* MapRegion(const char* directory) {
  if (AddressSpaceIsScarce()) return nullptr;
  int saved_errno = errno;
  Region* region = directory == nullptr ? MapPrivate() : MapFile(directory);
  errno = saved_errno;
  if (region == nullptr) return nullptr;
  g_region = region;
  g_is_file.store(directory != nullptr, std::memory_order_relaxed);
  g_threads_end.store(reinterpret_cast<uint64_t>(&region->threads[kFirstThreads]));
  g_sites_end.store(0);
  g_resources_end.store(0);
  return region;
}

void AdoptRegion(Region* region) {
  g_region = region;
  g_is_file.store(true, std::memory_order_relaxed);
  g_threads_end.store(reinterpret_cast<uint64_t>(&region->sites[0]));
  g_sites_end.store(0);
  g_resources_end.store(0);
}

std::atomic<uint32_t>* MapHub(const char* directory) {
  int saved_errno = errno;
  char path[PATH_MAX];
  int length = snprintf(path, sizeof(path), "%s/hub", directory);
  int fd = length > 0 && length < static_cast<int>(sizeof(path))
               ? open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
               : -1;
  void* memory = MAP_FAILED;
  struct stat info;
  if (fd >= 0 && fstat(fd, &info) == 0 && info.st_size >= static_cast<off_t>(kPage)) {
    memory = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (fd >= 0) close(fd);
  errno = saved_errno;
  return memory == MAP_FAILED ? nullptr : static_cast<std::atomic<uint32_t>*>(memory);
}

bool EnsureBacked(const void* begin, size_t bytes) {
  uint64_t first = reinterpret_cast<uint64_t>(begin);
  std::atomic<uint64_t>* end = EndOfTable(first);
  uint64_t granted = end->load(std::memory_order_acquire);
  if (first + bytes <= granted) return true;

  uint64_t table_end = reinterpret_cast<uint64_t>(g_region) + sizeof(Region);
  uint64_t from = (granted == 0 ? first : granted) / kPage * kPage;
  uint64_t to = RoundUp(first + bytes, kStep);
  if (to > table_end) to = RoundUp(first + bytes, kPage);
  if (g_is_file.load(std::memory_order_relaxed)) {
    int saved_errno = errno;
    int result = madvise(reinterpret_cast<void*>(from), to - from, MADV_POPULATE_WRITE);
    errno = saved_errno;
    if (result != 0) return false;
  }
  while (granted < to && !end->compare_exchange_weak(granted, to, std::memory_order_release)) {
  }
  return true;
}

bool HasResources() { return g_resources_end.load(std::memory_order_acquire) != 0; }

void ClearInChildren(void* begin, size_t bytes) {
  int saved_errno = errno;
  madvise(begin, bytes, MADV_WIPEONFORK);
  errno = saved_errno;
}

}  // namespace detect::recorder
