// SignalRelay lets `detect run` stand between the shell and the program without being noticed.
//
//   SIGTERM, SIGHUP   are passed on to the program      SIGCHLD           wakes the observer
//   SIGINT, SIGQUIT   the program has them from the     SIGPIPE           is ignored: the report is
//                     terminal itself; it decides                         written all the same
//
// What was ignored when detect was started stays ignored, as under nohup.
//
// Context: tool. Threads: one relay at a time, in a process of one thread.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <array>

#include "tools/detect/hub.h"

namespace detect {

class SignalRelay {
 public:
  // Takes the signals over. `hub` must outlive the relay.
  explicit SignalRelay(Hub* hub);
  // Puts everything back as it was.
  ~SignalRelay();
  SignalRelay(const SignalRelay&) = delete;
  SignalRelay& operator=(const SignalRelay&) = delete;

  // Sends what has come since the last call on to `pid`.
  void PassOn(pid_t pid);

  // Gives the signals the dispositions that detect was started with; in a forked child, say.
  // Signal-safe.
  void Restore() const;

 private:
  static constexpr std::array kSignals = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGCHLD, SIGPIPE};

  std::array<struct sigaction, kSignals.size()> before_;
};

}  // namespace detect
