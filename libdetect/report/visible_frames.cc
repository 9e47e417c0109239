#include "libdetect/report/visible_frames.h"

#include <algorithm>
#include <cstdio>

namespace detect {
namespace {

constexpr std::string_view kOwnRooms[] = {"base/",     "recorder/", "stack/",   "snapshot/",
                                          "analysis/", "report/",   "monitor/", "sync/",
                                          "tasks/",    "harness/"};

constexpr std::string_view kHiddenModules[] = {
    "libdetect_preload.so", "libstdc++.so", "libc++.so", "libc++abi.so",
    "libgcc_s.so",          "libc.so.",     "libc-2.",   "libpthread.so",
    "libpthread-2.",        "ld-linux"};

constexpr std::string_view kHiddenNames[] = {"std::",    "__gnu_cxx::", "__gthread_",
                                             "detect::", "testing::",   "_start"};

template <size_t N>
bool StartsWithAny(std::string_view text, const std::string_view (&prefixes)[N]) {
  return std::any_of(std::begin(prefixes), std::end(prefixes),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

// The path is as the compiler was given it, so only its end is known.
bool IsOwnSource(std::string_view file) {
  constexpr std::string_view kShim = "tools/preload/";
  constexpr std::string_view kRoot = "libdetect/";
  for (size_t at = file.find(kRoot); at != file.npos; at = file.find(kRoot, at + 1)) {
    if ((at == 0 || file[at - 1] == '/') &&
        StartsWithAny(file.substr(at + kRoot.size()), kOwnRooms))
      return true;
  }
  return file.starts_with(kShim) || file.find("/libdetect/tools/preload/") != file.npos;
}

// Both /usr/include/c++/12/mutex and /usr/include/x86_64-linux-gnu/c++/12/bits/gthr-default.h.
bool IsStandardHeader(std::string_view file) {
  const size_t include = file.find("/include/");
  return include != file.npos && file.find("/c++/", include) != file.npos;
}

}  // namespace

bool IsHidden(const Frame& frame) {
  if (StartsWithAny(Basename(frame.module), kHiddenModules)) return true;
  if (!frame.file.empty()) return IsOwnSource(frame.file) || IsStandardHeader(frame.file);
  return StartsWithAny(QualifiedName(frame.function), kHiddenNames);
}

const Frame* FirstVisibleFrame(const std::vector<Frame>& stack) {
  if (stack.empty()) return nullptr;
  const auto visible = std::find_if_not(stack.begin(), stack.end(), IsHidden);
  return visible == stack.end() ? &stack.front() : &*visible;
}

std::string ShortLocation(const Frame& frame) {
  if (!frame.file.empty() && frame.line > 0)
    return std::string(Basename(frame.file)) + ":" + std::to_string(frame.line);
  if (!frame.function.empty()) return std::string(QualifiedName(frame.function));
  if (frame.module.empty()) return "";
  char offset[24];
  std::snprintf(offset, sizeof(offset), "+0x%llx",
                static_cast<unsigned long long>(frame.module_offset));
  return std::string(Basename(frame.module)) + offset;
}

std::string ShortLocation(const std::vector<Frame>& stack) {
  const Frame* frame = FirstVisibleFrame(stack);
  return frame == nullptr ? "" : ShortLocation(*frame);
}

std::string_view QualifiedName(std::string_view function) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)";
  size_t begin = 0;
  int depth = 0;  // of <>, {} and (), in which spaces and parentheses are part of the name
  for (size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    if (depth == 0 && function.substr(i).starts_with(kAnonymous)) {
      i += kAnonymous.size() - 1;
    } else if (depth == 0 && c == '(') {
      return function.substr(begin, i - begin);  // the parameters
    } else if (depth == 0 && c == ' ') {
      begin = i + 1;  // what came before was the return type
    } else if (c == '<' || c == '{' || c == '(') {
      ++depth;
    } else if ((c == '>' || c == '}' || c == ')') && depth > 0) {
      --depth;
    }
  }
  // An odd name, such as an operator with brackets in it, is shown whole.
  return depth == 0 && begin < function.size() ? function.substr(begin) : function;
}

std::string StableFunction(const Frame& frame) {
  if (!frame.function.empty()) return std::string(QualifiedName(frame.function));
  return std::string(Basename(frame.module));
}

std::string_view Basename(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

}  // namespace detect
