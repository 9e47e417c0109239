// Symbolizer turns addresses of one process into what a person reads: functions and source lines.
//
// Context: monitor or tool; never inside a user's lock call. Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace detect {

struct Frame {
  uint64_t pc = 0;             // the return address that was captured
  std::string function;        // demangled; empty when unknown
  std::string file;            // as the compiler wrote it; empty when unknown
  int line = 0;                // 0 when unknown
  std::string module;          // path of the executable or library; empty when unknown
  uint64_t module_offset = 0;  // pc relative to where the module is loaded
  bool inlined = false;        // true for a function that was inlined into the next frame's

  bool operator==(const Frame&) const = default;
};

class Symbolizer {
 public:
  virtual ~Symbolizer() = default;

  // Returns the frames behind one return address, innermost first: the inlined ones, then the
  // function itself. Never empty: an unknown address gives one frame with nothing but `pc`.
  virtual std::vector<Frame> Symbolize(uint64_t return_address) = 0;

  // Returns the demangled name of the global variable that covers `address`; nullopt when none
  // does. An address N > 0 bytes into the variable is named as its member, "bank.branches[3].mu",
  // or with "+N" where that is not known.
  virtual std::optional<std::string> NameOfData(uint64_t address) = 0;
};

// Returns a symbolizer for the calling process, by libbacktrace.
std::unique_ptr<Symbolizer> MakeSelfSymbolizer();

}  // namespace detect
