#include "libdetect/snapshot/process_probe.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace detect {
namespace {

// Reads the beginning of a file into `text`, zero-terminated. Returns false when there is nothing.
template <size_t N>
bool ReadText(const char* path, char (&text)[N]) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, N - 1);
  close(fd);
  if (length <= 0) return false;
  text[length] = '\0';
  return true;
}

int OpenMemory(int32_t pid) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/mem", pid);
  return open(path, O_RDONLY | O_CLOEXEC);
}

}  // namespace

// In the program itself no descriptor stays open: it may count its own, or close them all.
ProcessProbe::ProcessProbe(int32_t pid) : pid_(pid) {
  if (pid != getpid()) memory_fd_ = OpenMemory(pid);
}

ProcessProbe::~ProcessProbe() {
  if (memory_fd_ >= 0) close(memory_fd_);
}

std::optional<bool> ProcessProbe::IsSleeping(int32_t tid) const {
  char path[64];
  char text[256];
  snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid_, tid);
  if (!ReadText(path, text)) return std::nullopt;
  // "tid (name) S …", where the name may hold anything, also parentheses.
  const char* end_of_name = strrchr(text, ')');
  if (end_of_name == nullptr || end_of_name[1] != ' ') return std::nullopt;
  char state = end_of_name[2];
  if (state == 'Z' || state == 'X') return std::nullopt;
  return state == 'S';
}

uint32_t ProcessProbe::CountThreads() const {
  char path[64];
  char text[1024];
  snprintf(path, sizeof(path), "/proc/%d/stat", pid_);
  if (!ReadText(path, text)) return 0;
  // The number of threads is the 20th field; the name, which may hold spaces, is the second.
  const char* at = strrchr(text, ')');
  for (int field = 2; at != nullptr && field < 20; ++field) {
    at = strchr(at + 1, ' ');
  }
  return at == nullptr ? 0 : static_cast<uint32_t>(strtoul(at + 1, nullptr, 10));
}

std::string ProcessProbe::ThreadName(int32_t tid) const {
  char path[64];
  char text[64];
  snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid_, tid);
  if (!ReadText(path, text)) return "";
  text[strcspn(text, "\n")] = '\0';
  return text;
}

std::optional<int32_t> ProcessProbe::ReadWord(uint64_t address) const {
  int fd = memory_fd_ >= 0 ? memory_fd_ : OpenMemory(pid_);
  if (fd < 0) return std::nullopt;
  int32_t word;
  bool is_read = pread(fd, &word, sizeof(word), static_cast<off_t>(address)) == sizeof(word);
  if (fd != memory_fd_) close(fd);
  return is_read ? std::optional<int32_t>(word) : std::nullopt;
}

}  // namespace detect
