// Child is the program under observation, as `detect run` started it.
//
// It gets the terminal, the working directory, the signal mask and the dispositions that detect
// itself was given, and stays in its process group, so that the shell sees one job.
//
// Context: tool. Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "tools/detect/signal_relay.h"

namespace detect {

class Child {
 public:
  struct Plan {
    std::string path;               // what to execute
    std::vector<std::string> args;  // its argv, from argv[0] on
    std::string shim;               // prepended to LD_PRELOAD
    std::string region_directory;   // appended to DETECT_OPTIONS, as is
    std::string settings;           // the same: "name=value:" for each
    bool records = true;            // whether anything is to be recorded
  };

  // How a program ended; one of the two has a value.
  struct End {
    std::optional<int> exit_code;
    std::optional<int> signal;
  };

  // Starts it. Returns 0, or the errno with which the execution failed.
  // Blocks: until the program's image is in place.
  int Start(const Plan& plan, const SignalRelay& relay);

  pid_t pid() const { return pid_; }

  // Returns whether it has ended; its pid stays taken until Reap. Requires: Start returned 0.
  bool HasEnded() const;

  // Blocks: until it has ended.
  End Reap();

 private:
  pid_t pid_ = -1;
};

}  // namespace detect
