#include "tests/unit/preload/subject.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

namespace subject {
namespace {

struct Case {
  const char* name;
  void (*run)();
};

constexpr int kMaxCases = 64;
Case g_cases[kMaxCases];
int g_case_count = 0;

}  // namespace

void Say(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
  va_end(arguments);
  if (length > static_cast<int>(sizeof(line)) - 2) length = sizeof(line) - 2;
  line[length++] = '\n';
  if (write(STDOUT_FILENO, line, static_cast<size_t>(length)) != length) _exit(3);
}

const char* NameOf(int error) {
  const char* name = error == 0 ? "0" : strerrorname_np(error);
  return name != nullptr ? name : "?";
}

void AddCase(const char* name, void (*run)()) {
  if (g_case_count < kMaxCases) g_cases[g_case_count++] = {name, run};
}

timespec In(clockid_t clock, int milliseconds) {
  timespec time;
  clock_gettime(clock, &time);
  long nanoseconds = time.tv_nsec + milliseconds * 1'000'000L;
  time.tv_sec += nanoseconds / 1'000'000'000;
  time.tv_nsec = nanoseconds % 1'000'000'000;
  if (time.tv_nsec < 0) {
    --time.tv_sec;
    time.tv_nsec += 1'000'000'000;
  }
  return time;
}

void WaitUntilAsleep(int tid) {
  char path[64];
  char text[256];
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
  for (;;) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0) close(fd);
    if (length <= 0) return;
    text[length] = '\0';
    const char* end_of_name = strrchr(text, ')');
    if (end_of_name != nullptr && end_of_name[1] == ' ' && end_of_name[2] == 'S') return;
    sched_yield();
  }
}

}  // namespace subject

// Without an argument: lists the cases. With one: runs that case.
int main(int argc, char** argv) {
  using subject::g_case_count;
  using subject::g_cases;
  using subject::Say;
  for (int i = 0; i < g_case_count; ++i) {
    if (argc < 2) {
      Say("%s", g_cases[i].name);
    } else if (strcmp(argv[1], g_cases[i].name) == 0) {
      g_cases[i].run();
      Say("end");
      return 0;
    }
  }
  return argc < 2 ? 0 : 2;
}
