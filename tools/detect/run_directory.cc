#include "tools/detect/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

namespace detect {
namespace {

constexpr char kPrefix[] = "detect-run-";

bool IsOurs(const std::string& path, mode_t forbidden) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == geteuid() && (status.st_mode & forbidden) == 0;
}

// Where a run may have its directory, the best first.
std::vector<std::string> Places() {
  std::vector<std::string> places;
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  // The path becomes part of DETECT_OPTIONS, in quotes.
  bool is_plain = runtime != nullptr && runtime[0] == '/' && strpbrk(runtime, "\"'") == nullptr;
  if (is_plain && IsOurs(runtime, S_IRWXG | S_IRWXO)) places.emplace_back(runtime);
  places.emplace_back("/dev/shm");
  places.emplace_back("/tmp");
  return places;
}

// Returns a descriptor that locks the directory, -1 when another run has it.
int Lock(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

void Remove(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

// Removes what killed runs have left: directories of ours that nobody has locked.
void RemoveStale(const std::string& place) {
  std::error_code error;
  std::filesystem::directory_iterator entry(place, error);
  for (; entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path();
    bool is_run = entry->path().filename().string().starts_with(kPrefix) && IsOurs(path, 0);
    int fd = is_run ? Lock(path) : -1;
    if (fd < 0) continue;
    Remove(path);
    close(fd);
  }
}

}  // namespace

std::unique_ptr<RunDirectory> RunDirectory::Make(std::string* error) {
  for (const std::string& place : Places()) {
    RemoveStale(place);
    std::string path = place + "/" + kPrefix + "XXXXXX";
    if (mkdtemp(path.data()) == nullptr) {
      *error = "cannot make a directory in " + place + ": " + strerror(errno);
      continue;
    }
    int fd = Lock(path);
    // Another run may have taken it for a stale one, before it was locked.
    if (fd >= 0 && IsOurs(path, S_IRWXG | S_IRWXO)) {
      return std::unique_ptr<RunDirectory>(new RunDirectory(path, fd));
    }
    *error = "cannot lock " + path;
    if (fd >= 0) close(fd);
    Remove(path);
  }
  return nullptr;
}

RunDirectory::~RunDirectory() {
  Remove(path_);
  close(lock_fd_);
}

}  // namespace detect
