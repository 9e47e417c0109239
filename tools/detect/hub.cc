#include "tools/detect/hub.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace detect {
namespace {

constexpr size_t kPageBytes = 4096;

}  // namespace

std::unique_ptr<Hub> Hub::Make(const std::string& directory) {
  const std::string path = directory + "/hub";
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return nullptr;
  void* memory = MAP_FAILED;
  // Memory that is reserved now cannot be missing when a nudge comes.
  if (posix_fallocate(fd, 0, kPageBytes) == 0) {
    memory = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  close(fd);
  if (memory == MAP_FAILED) return nullptr;
  return std::unique_ptr<Hub>(new Hub(static_cast<std::atomic<uint32_t>*>(memory)));
}

Hub::~Hub() { munmap(word_, kPageBytes); }

void Hub::Nudge() {
  word_->fetch_add(1, std::memory_order_release);
  syscall(SYS_futex, word_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void Hub::Wait(uint32_t seen, std::chrono::nanoseconds timeout) const {
  timespec duration = {static_cast<time_t>(timeout.count() / 1'000'000'000),
                       static_cast<long>(timeout.count() % 1'000'000'000)};
  syscall(SYS_futex, word_, FUTEX_WAIT, seen, &duration, nullptr, 0);
}

}  // namespace detect
