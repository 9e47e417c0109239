#include "tools/process/process_modules.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace detect {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

struct Mapping {
  uint64_t start = 0;
  uint64_t end = 0;
  std::string_view path;  // empty for anonymous memory
  bool deleted = false;
};

// Takes the next word off `line`.
std::string_view TakeWord(std::string_view& line) {
  size_t first = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(first);
  std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

bool ParseHex(std::string_view text, uint64_t& value) {
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return code == std::errc() && end == text.data() + text.size();
}

// "7f00-7f10 r-xp 00001000 fd:01 1234   /lib/libm.so.6"
bool ParseMapping(std::string_view line, Mapping& mapping) {
  std::string_view range = TakeWord(line);
  size_t dash = range.find('-');
  if (dash == range.npos || !ParseHex(range.substr(0, dash), mapping.start) ||
      !ParseHex(range.substr(dash + 1), mapping.end) || mapping.start >= mapping.end) {
    return false;
  }
  for (int column = 0; column < 4; ++column) TakeWord(line);
  size_t first = line.find_first_not_of(' ');
  mapping.path = first == line.npos ? std::string_view() : line.substr(first);
  mapping.deleted = mapping.path.ends_with(kDeleted);
  if (mapping.deleted) mapping.path.remove_suffix(kDeleted.size());
  return true;
}

bool Continues(const Module& module, const Mapping& mapping) {
  if (mapping.path.empty()) return mapping.start == module.end;
  return mapping.path == module.path && mapping.deleted == module.deleted;
}

int OpenRegularFile(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return -1;
  struct stat status;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) return fd;
  close(fd);
  return -1;
}

std::string Hex(uint64_t number) {
  char digits[17];
  return {digits, std::to_chars(digits, digits + sizeof(digits), number, 16).ptr};
}

// A file without a name is still to be had from what maps it.
int OpenDeletedFile(const std::string& process, const Module& module) {
  char target[4096];
  ssize_t length = readlink((process + "/exe").c_str(), target, sizeof(target));
  bool is_program = length > 0 && std::string_view(target, static_cast<size_t>(length)) ==
                                      module.path + std::string(kDeleted);
  if (is_program) return OpenRegularFile(process + "/exe");
  return OpenRegularFile(process + "/map_files/" + Hex(module.start) + "-" + Hex(module.first_end));
}

}  // namespace

std::string ReadMaps(int32_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/maps");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<Module> ParseModules(std::string_view maps) {
  std::vector<Module> modules;
  while (!maps.empty()) {
    std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(line.size() + 1, maps.size()));
    Mapping mapping;
    if (!ParseMapping(line, mapping)) continue;
    if (!modules.empty() && Continues(modules.back(), mapping)) {
      modules.back().end = mapping.end;
    } else if (mapping.path.starts_with('/')) {
      modules.push_back(
          {mapping.start, mapping.end, mapping.end, std::string(mapping.path), mapping.deleted});
    }
  }
  return modules;
}

int OpenModuleFile(int32_t pid, const Module& module) {
  const std::string process = "/proc/" + std::to_string(pid);
  if (module.deleted) return OpenDeletedFile(process, module);
  int fd = OpenRegularFile(process + "/root" + module.path);
  return fd >= 0 ? fd : OpenRegularFile(module.path);
}

}  // namespace detect
