// RawLine and RawLog: say one line on stderr from any place, also where nothing else works.
//
//   RawLog(RawLine() << "unknown option '" << Quoted(name) << "'");    detect: unknown option
//   'intervall'
//
// Context: hot. Threads: any. Signal-safe: yes. Memory: the caller's stack; what does not fit is
// cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace detect {

// Text from outside, shown in a message: at most 64 bytes of it, control characters as '?'.
struct Quoted {
  explicit constexpr Quoted(std::string_view text) : text(text) {}
  std::string_view text;
};

class RawLine {
 public:
  RawLine& operator<<(std::string_view text);
  RawLine& operator<<(Quoted quoted);
  RawLine& operator<<(int64_t number);

  std::string_view text() const { return {bytes_, size_}; }
  // Never null; ends with a zero.
  const char* c_str() const { return bytes_; }

 private:
  static constexpr size_t kCapacity = 512;

  size_t size_ = 0;
  char bytes_[kCapacity + 1] = {};
};

// Writes "detect: ", the text and a newline to stderr by one write(2). Keeps errno.
void RawLog(std::string_view text);
inline void RawLog(const RawLine& line) { RawLog(line.text()); }

}  // namespace detect
