#include "tools/detect/shim_path.h"

#include <unistd.h>

#include <filesystem>

namespace detect {
namespace {

constexpr char kName[] = "libdetect_preload.so";

}  // namespace

std::string FindShim(std::string* error) {
  std::error_code ignored;
  const std::filesystem::path here =
      std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  // As installed, and as built.
  for (const char* directory : {"../lib/detect", "../preload"}) {
    std::string path = (here / directory / kName).lexically_normal();
    if (access(path.c_str(), R_OK) != 0) continue;
    if (path.find_first_of(" :") == path.npos) return path;
    *error = path + " cannot be preloaded: LD_PRELOAD takes no path with a space or colon.\n" +
             "  Install detect where there is none.";
    return "";
  }
  *error = std::string(kName) + " is missing: it is looked for in " +
           (here / "../lib/detect").lexically_normal().string() +
           ".\n  Install it there; as built, it is bazel-bin/tools/preload/" + kName + ".";
  return "";
}

}  // namespace detect
