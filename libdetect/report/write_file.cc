#include "libdetect/report/write_file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace detect {
namespace {

constexpr int kAttempts = 16;  // at a temporary name that is not taken

class KeepErrno {
 public:
  KeepErrno() : saved_(errno) {}
  ~KeepErrno() { errno = saved_; }
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

 private:
  const int saved_;
};

// strerror() translates by locale and is not required to be thread-safe; this is neither.
std::string Failure(const std::string& path, const char* what, int error) {
  const char* description = strerrordesc_np(error);
  return path + ": cannot " + what + ": " + (description ? description : "unknown error");
}

// Returns 0 or an errno value.
int WriteAll(int fd, std::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

// Returns 0 or an errno value. Some file systems report a full disk only here.
int Close(int fd) { return close(fd) == 0 || errno == EINTR ? 0 : errno; }

int WriteAndClose(int fd, std::string_view contents) {
  const int write_error = WriteAll(fd, contents);
  const int close_error = Close(fd);
  return write_error != 0 ? write_error : close_error;
}

std::string TemporaryName(const std::string& path, int attempt) {
  const size_t slash = path.rfind('/');
  const size_t name = slash == path.npos ? 0 : slash + 1;
  char suffix[40];
  std::snprintf(suffix, sizeof(suffix), ".%d-%d.tmp", static_cast<int>(getpid()), attempt);
  // A long name is cut, so that the temporary one is not longer than file systems allow.
  return path.substr(0, name) + "." + path.substr(name, NAME_MAX / 2) + suffix;
}

std::string WriteDevice(const std::string& path, std::string_view contents) {
  const int fd = open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return Failure(path, "open", errno);
  const int error = WriteAndClose(fd, contents);
  return error == 0 ? "" : Failure(path, "write", error);
}

std::string Replace(const std::string& path, std::string_view contents) {
  std::string temporary;
  int fd = -1;
  for (int attempt = 0; fd < 0 && attempt < kAttempts; ++attempt) {
    temporary = TemporaryName(path, attempt);
    fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST && errno != EINTR) break;
  }
  if (fd < 0) return Failure(path, "create a temporary file beside it", errno);

  int error = WriteAndClose(fd, contents);
  const char* what = "write";
  if (error == 0 && rename(temporary.c_str(), path.c_str()) != 0) {
    error = errno;
    what = "put it in place";
  }
  if (error == 0) return "";
  unlink(temporary.c_str());
  return Failure(path, what, error);
}

}  // namespace

std::string WriteReportFile(const std::string& path, std::string_view contents) {
  const KeepErrno keep_errno;
  if (path.empty()) return "cannot write a report: its path is empty";

  // Past this limit write() raises a signal that would end the program under test.
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && contents.size() > limit.rlim_cur)
    return Failure(path, "write", EFBIG);

  struct stat existing {};
  if (lstat(path.c_str(), &existing) != 0) {
    if (errno != ENOENT) return Failure(path, "write", errno);
    return Replace(path, contents);
  }
  if (S_ISREG(existing.st_mode)) return Replace(path, contents);
  if (S_ISCHR(existing.st_mode)) return WriteDevice(path, contents);
  if (S_ISDIR(existing.st_mode)) return Failure(path, "write", EISDIR);
  if (S_ISLNK(existing.st_mode))
    return path + ": is a symbolic link, which is not followed; name the file itself";
  return path + ": is not a regular file";
}

}  // namespace detect
