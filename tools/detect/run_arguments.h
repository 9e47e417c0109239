// What the user asked of `detect run`: its own options, and the program with its arguments.
//
//   detect run -o r.json --interval=20 -- ./server -p 80
//              └─ the table of options ┘  └─ program ──┘
//
// Context: tool. Threads: pure, but for the environment.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "libdetect/base/options.h"

namespace detect {

struct RunArguments {
  Options options;
  std::vector<std::string> program;  // never empty where there is no error
  bool wants_help = false;
};

// Reads the words behind "run". DETECT_OPTIONS counts less than the file that --options-file names,
// which counts less than the other flags. Returns false, with one line in `error`, for a mistake in
// the words themselves.
bool ParseRunArguments(std::span<const std::string> words, RunArguments* result,
                       std::string* error);

// The help of `detect run`.
std::string RunHelp();

}  // namespace detect
