// InspectExecutable tells, before a program is run, whether the preload shim can work in it.
//
//   ./serve.sh ──#!──► /bin/sh ──ELF──► dynamic? our loader? no setuid bit? no sanitizer? ──► kNone
//
// The loader silently ignores LD_PRELOAD where it cannot be honoured; a run without findings would
// then look like a healthy program. So each such case is refused, with its reason and a way out.
//
// Context: tool. Threads: any.
#pragma once

#include <cstdint>
#include <string>

namespace detect {

enum class Obstacle : uint8_t {
  kNone,
  kNotFound,
  kNotExecutable,  // no permission, a directory, or a script whose interpreter is missing
  kSetId,          // setuid, setgid or with file capabilities: the loader drops LD_PRELOAD
  kArchitecture,   // for another processor or of another word size
  kStatic,         // has no loader at all
  kOtherLibc,      // its loader is not glibc's
  kSanitizer,      // brings its own interceptors for what the shim interposes
};

struct Executable {
  std::string path;  // of the file that execvp would run
  Obstacle obstacle = Obstacle::kNone;
  // What stands in the way, why, and what to do: one line, then an indented one. Empty for kNone.
  std::string refusal;
};

// Inspects what execvp would run for `program`: a name without a slash is looked for in PATH.
Executable InspectExecutable(const std::string& program);

}  // namespace detect
