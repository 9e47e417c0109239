// The files that a process has mapped: where each lies in its memory, and how to open it.
//
//   /proc/PID/maps ─► ParseModules ─► [start, end) path     OpenModuleFile ─► fd, also where the
//                                                            file was deleted or is in a container
//
// Context: tool. Threads: pure. It never stops the process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace detect {

// One file's consecutive mappings, with the anonymous memory that continues them (.bss).
struct Module {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t first_end = 0;  // of the first mapping, which /proc/PID/map_files names by its bounds
  std::string path;
  bool deleted = false;  // what `path` names now, if anything, is another file

  bool operator==(const Module&) const = default;
};

// Returns the contents of /proc/PID/maps; empty when the process is gone or may not be read.
std::string ReadMaps(int32_t pid);

// Returns the modules in ascending order; lines that make no sense are skipped.
std::vector<Module> ParseModules(std::string_view maps);

// Opens the regular file behind a module of the process: as the process sees it, from its mapping
// where the file was deleted, or by the plain path once the process has ended. Returns -1 if none
// can.
int OpenModuleFile(int32_t pid, const Module& module);

}  // namespace detect
