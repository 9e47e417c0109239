// The exit codes of `detect`, as the shell sees them.
//
// Never 77, which build tools read as "skipped".
//
// Context: tool.
#pragma once

namespace detect {

inline constexpr int kExitUsage = 2;
inline constexpr int kExitFinding = 66;
inline constexpr int kExitOwnFailure = 125;  // detect itself could not do it
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;
inline constexpr int kExitSignalBase = 128;  // + n where signal n ended the program

}  // namespace detect
