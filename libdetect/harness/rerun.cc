#include "libdetect/harness/rerun.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string_view>
#include <vector>

namespace detect {
namespace {

using std::chrono::steady_clock;

constexpr int kRuns = 20;
constexpr std::chrono::seconds kTime{10};
constexpr char kRerunsVariable[] = "DETECT_RERUNS";

// What the test runner has told this process, and is not meant for another one.
constexpr std::string_view kRunnersVariables[] = {"DETECT_SEED=",
                                                  "DETECT_RERUNS=",
                                                  "GTEST_",
                                                  "TEST_PREMATURE_EXIT_FILE=",
                                                  "TEST_SHARD_INDEX=",
                                                  "TEST_TOTAL_SHARDS=",
                                                  "TEST_SHARD_STATUS_FILE=",
                                                  "XML_OUTPUT_FILE=",
                                                  "TEST_UNDECLARED_OUTPUTS_DIR="};

std::string FullName(const ::testing::TestInfo& test) {
  return std::string(test.test_suite_name()) + "." + test.name();
}

std::vector<std::string> CommandLine() {
  std::ifstream file("/proc/self/cmdline");
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

std::vector<std::string> Environment(uint64_t seed) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const bool is_runners =
        std::any_of(std::begin(kRunnersVariables), std::end(kRunnersVariables),
                    [text](std::string_view name) { return text.starts_with(name); });
    if (!is_runners) variables.emplace_back(text);
  }
  variables.push_back("DETECT_SEED=" + std::to_string(seed));
  variables.push_back(std::string(kRerunsVariable) + "=0");
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the program, its output to nowhere. Returns -1 where that fails.
pid_t Spawn(std::vector<std::string> arguments, std::vector<std::string> environment) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr,
                                Pointers(arguments).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -1;
}

// Returns whether it ended with code 0 by then; one that has not ended is killed.
bool Succeeds(pid_t pid, steady_clock::time_point deadline) {
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
  pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
  const int most = static_cast<int>(std::max<int64_t>(left.count(), 0));
  if (poll(&ended, 1, most) <= 0) kill(pid, SIGKILL);
  close(handle);
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

bool MayRunAgain() {
  const char* reruns = getenv(kRerunsVariable);
  return reruns == nullptr || std::string_view(reruns) != "0";
}

std::string RunAgain(const ::testing::TestInfo& test, uint64_t seed) {
  std::vector<std::string> arguments = CommandLine();
  for (const char* flag : {"--gtest_repeat=1", "--gtest_output=", "--gtest_shuffle=0"}) {
    arguments.emplace_back(flag);  // the last one of a name counts
  }
  arguments.push_back("--gtest_filter=" + FullName(test));
  const std::vector<std::string> environment = Environment(seed);
  const steady_clock::time_point deadline = steady_clock::now() + kTime;
  int runs = 0;
  int failed = 0;
  while (runs < kRuns && steady_clock::now() < deadline) {
    const pid_t pid = Spawn(arguments, environment);
    if (pid < 0) break;
    ++runs;
    if (!Succeeds(pid, deadline)) ++failed;
  }
  return "failed " + std::to_string(failed) + " times in " + std::to_string(runs) + " runs";
}

std::string CommandToRunAgain(const ::testing::TestInfo& test, uint64_t seed) {
  const std::vector<std::string> arguments = CommandLine();
  return "DETECT_SEED=" + std::to_string(seed) + " " +
         (arguments.empty() ? "" : arguments.front()) + " --gtest_filter=" + FullName(test);
}

}  // namespace detect
