// How the models print values: as an ostream does; strings in quotes, bool as a word, and an
// optional that holds nothing as "none".
//
// Context: tool. Threads: any.
#pragma once

#include <concepts>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace detect::models {

template <typename T>
std::string TellValue(const T& value) {
  std::ostringstream out;
  out << std::boolalpha;
  if constexpr (std::convertible_to<const T&, std::string_view>) {
    out << '"' << std::string_view(value) << '"';
  } else {
    out << value;
  }
  return out.str();
}

template <typename T>
std::string TellValue(const std::optional<T>& value) {
  return value ? TellValue(*value) : "none";
}

}  // namespace detect::models
