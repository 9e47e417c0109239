#include "libdetect/base/raw_log.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace detect {

RawLine& RawLine::operator<<(std::string_view text) {
  size_t bytes = std::min(text.size(), kCapacity - size_);
  if (bytes > 0) std::memcpy(bytes_ + size_, text.data(), bytes);
  size_ += bytes;
  bytes_[size_] = '\0';
  return *this;
}

RawLine& RawLine::operator<<(Quoted quoted) {
  constexpr size_t kMaxShown = 64;
  for (char c : quoted.text.substr(0, kMaxShown)) {
    bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    *this << std::string_view(is_control ? "?" : &c, 1);
  }
  return quoted.text.size() > kMaxShown ? *this << std::string_view("...") : *this;
}

RawLine& RawLine::operator<<(int64_t number) {
  char digits[24];
  char* end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  return *this << std::string_view(digits, static_cast<size_t>(end - digits));
}

namespace {

// Keeps what a write may bring, where nobody reads or a file may not grow, from ending the program.
class ScopedNoWriteSignals {
 public:
  ScopedNoWriteSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGPIPE);
    sigaddset(&signals_, SIGXFSZ);
    sigpending(&pending_);
    pthread_sigmask(SIG_BLOCK, &signals_, &outer_mask_);
  }
  ~ScopedNoWriteSignals() {
    // What was pending before is the program's own.
    for (int signal : {SIGPIPE, SIGXFSZ}) {
      if (sigismember(&pending_, signal) == 1) sigdelset(&signals_, signal);
    }
    constexpr timespec kNow = {0, 0};
    while (sigtimedwait(&signals_, nullptr, &kNow) > 0 || errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &outer_mask_, nullptr);
  }
  ScopedNoWriteSignals(const ScopedNoWriteSignals&) = delete;
  ScopedNoWriteSignals& operator=(const ScopedNoWriteSignals&) = delete;

 private:
  sigset_t signals_;
  sigset_t pending_;
  sigset_t outer_mask_;
};

}  // namespace

void RawLog(std::string_view text) {
  const int saved_errno = errno;
  RawLine line;
  line << "detect: " << text.substr(0, 480) << "\n";
  {
    ScopedNoWriteSignals no_signals;
    // Nothing is left to be done where stderr cannot be written.
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.text().data(), line.text().size());
  }
  errno = saved_errno;
}

}  // namespace detect
