// Options: what a user can set, from one table (options.inc) that makes this struct, its parser and
// its help.
//
//   detect run --interval=20        DETECT_OPTIONS=interval=20:output=r.json        options file
//        └─────────────────────────────────┴────────────────────────────────────────────┘
//                                    SetOption("interval=20")
//
// It runs in the constructor of the preload shim, inside programs of others: no allocation, no
// exceptions, no locale. A name or value that it does not understand is warned about and skipped.
//
// Context: hot, in that it depends on the C library alone. Threads: values; parse from one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "libdetect/base/raw_log.h"

namespace detect {

enum class OnDeadlock : uint8_t {
  kDefault,  // kExit under `detect run`, kReport elsewhere
  kReport,   // say so and go on
  kExit,     // end the program, with exit code 66
  kAbort,    // end it by SIGABRT, for a core file
  kBreak,    // stop it, for a debugger
  kVictim,   // make lock() throw in one thread; only where libdetect is linked in
};

// The lowest verdict that counts as a failure; the first four are Verdict's, in its order.
enum class FailOn : uint8_t { kProven, kSuspected, kPossible, kTemporary, kNever };

// How a program's schedule is disturbed: libdetect/harness/decisions.h says what each does.
enum class Perturb : uint8_t {
  kOff,
  kMixed,  // another one each round
  kYield,
  kSpin,
  kSleep,
  kPin,
  kPriorities,
  kWindows,
  kFirst,
  kPairs,
};

// 0 to 100.
enum class Percent : uint8_t {};

// 0: to be chosen.
enum class Seed : uint64_t {};

using Milliseconds = std::chrono::milliseconds;
using Flag = bool;

// A file's path in memory of fixed size.
class Path {
 public:
  static constexpr size_t kMaxBytes = 4095;

  constexpr Path() = default;

  // Returns false, unchanged, where `text` is too long or has a zero in it.
  bool Assign(std::string_view text);

  bool empty() const { return size_ == 0; }
  std::string_view text() const { return {bytes_, size_}; }
  const char* c_str() const { return bytes_; }

 private:
  size_t size_ = 0;
  char bytes_[kMaxBytes + 1] = {};
};

// Returns how the option is written.
std::string_view NameOf(Perturb perturb);

struct Options {
#define OPTION(Type, member, name, default_value, help) Type member = default_value;
#include "libdetect/base/options.inc"
#undef OPTION
};

// One row of the help.
struct OptionHelp {
  const char* name;
  const char* values;  // what may stand behind the "="
  const char* help;
  void (*format_default)(RawLine& line);  // writes nothing where there is none
};
std::span<const OptionHelp> OptionTable();

// Sets one option from "name=value"; the value is taken as it is. Returns false where it is not
// understood, with the options unchanged and the reason in `error`.
bool SetOption(std::string_view text, Options& options, RawLine& error);

// Takes a warning of one line, without a newline.
using WarningSink = void (*)(std::string_view line);

// Sets each option of `list`, "name=value:name=value". A value that has a ':' in it is put in
// single or double quotes. `origin` is how warnings name the list.
void SetOptions(std::string_view list, std::string_view origin, Options& options, WarningSink warn);

// Sets each option of the file at `path`: one a line, quoted or not; blank lines and those that
// begin with # do not count. A file that cannot be read is warned about. At most 16 KiB are read.
void SetOptionsFromFile(const char* path, Options& options, WarningSink warn);

// Fills `options` from DETECT_OPTIONS and the options file that it names, whose lines come first.
// Does nothing in a program that runs with more rights than its user.
void SetOptionsFromEnvironment(Options& options, WarningSink warn = RawLog);

}  // namespace detect
