#include "libdetect/stack/demangle.h"

#include <cxxabi.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace detect {

std::string Demangle(const char* symbol) {
  if (symbol == nullptr) return "";
  if (std::strncmp(symbol, "_Z", 2) != 0) return symbol;
  std::unique_ptr<char, decltype(&std::free)> plain(
      abi::__cxa_demangle(symbol, nullptr, nullptr, nullptr), &std::free);
  return plain != nullptr ? plain.get() : symbol;
}

}  // namespace detect
