#include "tools/detect/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace detect {
namespace {

std::string_view Variable(const char* name) {
  const char* value = getenv(name);
  return value != nullptr ? value : "";
}

// detect's own environment, with what brings the shim in.
std::vector<std::string> EnvironmentFor(const Child::Plan& plan) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    if (!text.starts_with("LD_PRELOAD=") && !text.starts_with("DETECT_OPTIONS=")) {
      environment.emplace_back(text);
    }
  }
  std::string preload = "LD_PRELOAD=" + plan.shim;
  std::string_view others = Variable("LD_PRELOAD");
  if (!others.empty()) preload.append(":").append(others);
  std::string options = "DETECT_OPTIONS=";
  std::string_view given = Variable("DETECT_OPTIONS");
  if (!given.empty()) options.append(given).append(":");
  if (!plan.records) options += "enabled=0:";
  options += plan.settings + "region-dir=\"" + plan.region_directory + "\"";
  environment.push_back(std::move(preload));
  environment.push_back(std::move(options));
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

int Child::Start(const Plan& plan, const SignalRelay& relay) {
  std::vector<std::string> args = plan.args;
  std::vector<std::string> environment = EnvironmentFor(plan);
  std::vector<char*> argv = Pointers(args);
  std::vector<char*> envp = Pointers(environment);
  int failure[2];  // carries errno, or its end closes when the execution succeeds
  if (pipe2(failure, O_CLOEXEC) != 0) return errno;

  // No handler of ours may run in the child.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_ = fork();
  if (pid_ == 0) {
    relay.Restore();
    sigprocmask(SIG_SETMASK, &before, nullptr);
    execvpe(plan.path.c_str(), argv.data(), envp.data());
    int error = errno;
    [[maybe_unused]] ssize_t written = write(failure[1], &error, sizeof(error));
    _exit(EXIT_FAILURE);
  }
  int error = pid_ < 0 ? errno : 0;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  close(failure[1]);
  if (pid_ > 0) {
    ssize_t count;
    do {
      count = read(failure[0], &error, sizeof(error));
    } while (count < 0 && errno == EINTR);
    if (count > 0) Reap();
  }
  close(failure[0]);
  return error;
}

bool Child::HasEnded() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid_;
}

Child::End Child::Reap() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return {std::nullopt, WTERMSIG(status)};
  return {WEXITSTATUS(status), std::nullopt};
}

}  // namespace detect
