#include "tools/detect/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace detect {
namespace {

constexpr size_t kDefaultColumns = 100;
constexpr size_t kFewestColumns = 40;

std::string_view Variable(const char* name) {
  const char* value = getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

bool UseColor(int fd) {
  if (!Variable("NO_COLOR").empty()) return false;
  std::string_view force = Variable("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return isatty(fd) != 0 && Variable("TERM") != "dumb";
}

size_t ColumnsOf(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col < kFewestColumns) return kDefaultColumns;
  return size.ws_col;
}

}  // namespace detect
