#include "libdetect/report/environment.h"

#include <fcntl.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <string>

#include "libdetect/base/version.h"

namespace detect {
namespace {

std::string ReadProcFile(int32_t pid, const char* name) {
  std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  std::string text;
  char buffer[4096];
  ssize_t length;
  while ((length = read(fd, buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(length));
  }
  close(fd);
  return text;
}

// Returns when the process was started, in seconds since 1970; 0 when the kernel does not tell.
time_t StartTime(int32_t pid) {
  std::string stat = ReadProcFile(pid, "stat");
  // The time is the 22nd field, in ticks since boot; the name, which may hold spaces, is the
  // second.
  size_t at = stat.rfind(')');
  for (int field = 2; at != std::string::npos && field < 22; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return 0;
  long long ticks = strtoll(stat.c_str() + at, nullptr, 10);
  timespec now;
  timespec since_boot;
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return now.tv_sec - since_boot.tv_sec + static_cast<time_t>(ticks / sysconf(_SC_CLK_TCK));
}

std::string Rfc3339(time_t seconds) {
  tm parts;
  if (seconds == 0 || gmtime_r(&seconds, &parts) == nullptr) return "";
  char text[32];
  strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

Report::Program DescribeProgram(int32_t pid) {
  Report::Program program;
  program.pid = pid;
  char path[PATH_MAX];
  std::string link = "/proc/" + std::to_string(pid) + "/exe";
  ssize_t length = readlink(link.c_str(), path, sizeof(path));
  if (length > 0) program.path.assign(path, static_cast<size_t>(length));
  std::string arguments = ReadProcFile(pid, "cmdline");
  for (size_t at = 0; at < arguments.size(); at += strlen(arguments.c_str() + at) + 1) {
    program.args.emplace_back(arguments.c_str() + at);
  }
  program.started = Rfc3339(StartTime(pid));
  return program;
}

Report::Environment DescribeEnvironment(const char* route) {
  Report::Environment environment;
  environment.detect_version = kVersion;
  environment.route = route;
  environment.libc = std::string("glibc ") + gnu_get_libc_version();
  utsname system;
  if (uname(&system) == 0) {
    environment.kernel = std::string(system.sysname) + " " + system.release;
    environment.machine = system.machine;
  }
  return environment;
}

}  // namespace detect
