// The verbs of `detect`, one file each. Each takes the words behind it and returns the exit code.
//
// Context: tool. Threads: the main thread.
#pragma once

#include <span>
#include <string>

namespace detect {

int RunVerb(std::span<const std::string> words);      // run.cc
int ExplainVerb(std::span<const std::string> words);  // explain.cc

}  // namespace detect
