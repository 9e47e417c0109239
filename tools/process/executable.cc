#include "tools/process/executable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

#include "tools/process/elf_file.h"

namespace detect {
namespace {

// The kernel follows "#!" this often.
constexpr int kMaxScripts = 5;

Executable Refuse(const std::string& path, Obstacle obstacle, const std::string& why,
                  const std::string& fix) {
  return {path, obstacle, path + " " + why + ".\n  " + fix + "."};
}

// Returns the interpreter that the first line of a script names; nullopt where the file is none.
std::optional<std::string> InterpreterOfScript(const std::string& path) {
  char line[256] = {};
  std::ifstream(path, std::ios::binary).read(line, sizeof(line) - 1);
  if (std::strncmp(line, "#!", 2) != 0) return std::nullopt;
  std::string_view rest(line + 2);
  rest = rest.substr(0, rest.find('\n'));
  size_t first = rest.find_first_not_of(" \t");
  if (first == rest.npos) return std::nullopt;
  rest.remove_prefix(first);
  return std::string(rest.substr(0, rest.find_first_of(" \t")));
}

// What the file system says of the file.
Executable InspectPermissions(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    bool is_missing = errno == ENOENT || errno == ENOTDIR;
    return Refuse(path, is_missing ? Obstacle::kNotFound : Obstacle::kNotExecutable,
                  std::string("cannot be run: ") + strerror(errno),
                  is_missing ? "Check the name" : "Check the rights of the directories above it");
  }
  if (!S_ISREG(status.st_mode)) {
    return Refuse(path, Obstacle::kNotExecutable, "is not a program but a directory or a device",
                  "Name the program in it");
  }
  if (access(path.c_str(), X_OK) != 0) {
    return Refuse(path, Obstacle::kNotExecutable, std::string("cannot be run: ") + strerror(errno),
                  "Make it executable: chmod +x " + path);
  }
  return {path, Obstacle::kNone, ""};
}

// What makes the loader ignore LD_PRELOAD.
Executable InspectRights(const std::string& path) {
  struct stat status;
  const std::string copy = "Run a copy, which has no such rights: cp " + path + " /tmp/";
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) != 0) {
    const char* bit = (status.st_mode & S_ISUID) != 0 ? "setuid" : "setgid";
    return Refuse(path, Obstacle::kSetId,
                  std::string("is ") + bit + ", so the loader ignores LD_PRELOAD", copy);
  }
  if (getxattr(path.c_str(), "security.capability", nullptr, 0) > 0) {
    return Refuse(path, Obstacle::kSetId, "has file capabilities, so the loader ignores LD_PRELOAD",
                  copy);
  }
  return {path, Obstacle::kNone, ""};
}

struct Sanitizer {
  const char* symbol;   // wanted or brought by everything that was compiled for it
  const char* library;  // how its runtime's file name begins
  const char* flag;
};
constexpr Sanitizer kSanitizers[] = {
    {"__tsan_init", "libtsan", "thread"},
    {"__asan_init", "libasan", "address"},
    {"__hwasan_init", "libhwasan", "hwaddress"},
    {"__msan_init", "libmsan", "memory"},
};

const Sanitizer* FindSanitizer(const ElfFile& file) {
  for (const Sanitizer& sanitizer : kSanitizers) {
    if (file.HasDynamicSymbol(sanitizer.symbol)) return &sanitizer;
    for (const std::string& library : file.NeededLibraries()) {
      if (library.starts_with(sanitizer.library)) return &sanitizer;
    }
  }
  return nullptr;
}

Executable InspectElf(const std::string& path, const ElfFile& file) {
  if (!file.IsForThisMachine()) {
    return Refuse(path, Obstacle::kArchitecture,
                  "is not a 64-bit x86-64 program, the only kind that can be observed",
                  "Build it for x86-64, without -m32");
  }
  const std::string interpreter = file.Interpreter();
  if (interpreter.empty()) {
    return Refuse(path, Obstacle::kStatic,
                  "is linked statically: it has no loader that could bring the shim in",
                  "Link it without -static, or link libdetect into it");
  }
  if (!interpreter.ends_with("/ld-linux-x86-64.so.2")) {
    return Refuse(path, Obstacle::kOtherLibc,
                  "uses the loader " + interpreter + ", and the shim works with glibc's only",
                  "Build it against glibc");
  }
  if (const Sanitizer* sanitizer = FindSanitizer(file)) {
    const std::string flag = std::string("-fsanitize=") + sanitizer->flag;
    return Refuse(path, Obstacle::kSanitizer,
                  "is built with " + flag + ", which replaces the same functions as the shim",
                  "Build it without " + flag);
  }
  return {path, Obstacle::kNone, ""};
}

Executable InspectFile(const std::string& path) {
  std::string current = path;
  for (int i = 0; i <= kMaxScripts; ++i) {
    Executable permissions = InspectPermissions(current);
    if (permissions.obstacle != Obstacle::kNone) {
      if (i == 0) return permissions;
      return Refuse(path, Obstacle::kNotExecutable,
                    "is a script for " + current + ", which cannot run", "Correct its #! line");
    }
    if (std::unique_ptr<ElfFile> file = ElfFile::Open(current)) {
      Executable rights = InspectRights(current);
      return rights.obstacle != Obstacle::kNone ? rights : InspectElf(current, *file);
    }
    // execvp hands what is neither ELF nor has a "#!" to the shell.
    current = InterpreterOfScript(current).value_or("/bin/sh");
  }
  return Refuse(path, Obstacle::kNotExecutable, "is a script for a script for a script, and so on",
                "Correct its #! line");
}

// Returns the path that execvp would run; where that may not be executed, still it. Nullopt where
// there is none.
std::optional<std::string> FindInPath(const std::string& program) {
  if (program.find('/') != program.npos) return program;
  const char* variable = getenv("PATH");
  std::string_view rest = variable == nullptr ? "/bin:/usr/bin" : variable;
  std::optional<std::string> forbidden;
  while (true) {
    size_t length = rest.find(':');
    std::string directory(rest.substr(0, length));
    std::string path = (directory.empty() ? "." : directory) + "/" + program;
    struct stat status;
    if (stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      if (access(path.c_str(), X_OK) == 0) return path;
      if (!forbidden.has_value()) forbidden = path;
    }
    if (length == rest.npos) return forbidden;
    rest.remove_prefix(length + 1);
  }
}

}  // namespace

Executable InspectExecutable(const std::string& program) {
  std::optional<std::string> path = FindInPath(program);
  if (!path.has_value()) {
    return Refuse(program, Obstacle::kNotFound, "is in no directory of PATH",
                  "Check the name, or give its path, as in ./" + program);
  }
  Executable result = InspectFile(*path);
  result.path = *path;
  return result;
}

}  // namespace detect
