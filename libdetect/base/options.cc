#include "libdetect/base/options.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "libdetect/base/edit_distance.h"

namespace detect {
namespace {

// For each type of option: how its values are read, and what the help says of them.

constexpr std::array<std::string_view, 6> kOnDeadlockNames = {"default", "report", "exit",
                                                              "abort",   "break",  "victim"};
constexpr std::array<std::string_view, 5> kFailOnNames = {"proven", "suspected", "possible",
                                                          "temporary", "never"};
constexpr std::array<std::string_view, 10> kPerturbNames = {
    "off", "mixed", "yield", "spin", "sleep", "pin", "priorities", "windows", "first", "pairs"};
constexpr Milliseconds kLongest{3'600'000};
constexpr char kEnvironment[] = "DETECT_OPTIONS";

constexpr const char* ValuesOf(OnDeadlock) { return "report|exit|abort|break|victim"; }
constexpr const char* ValuesOf(FailOn) { return "proven|suspected|possible|temporary|never"; }
constexpr const char* ValuesOf(Milliseconds) { return "1..3600000"; }
constexpr const char* ValuesOf(Flag) { return "1|0"; }
constexpr const char* ValuesOf(Perturb) {
  return "off|mixed|yield|spin|sleep|pin|priorities|windows|first|pairs";
}
constexpr const char* ValuesOf(Percent) { return "0..100"; }
constexpr const char* ValuesOf(Seed) { return "NUMBER"; }
constexpr const char* ValuesOf(const Path&) { return "PATH"; }

template <typename Enum, size_t kCount>
bool ParseName(std::string_view value, const std::array<std::string_view, kCount>& names,
               Enum& result) {
  for (size_t i = 0; i < kCount; ++i) {
    if (value != names[i]) continue;
    result = static_cast<Enum>(i);
    return true;
  }
  return false;
}

bool Parse(std::string_view value, OnDeadlock& result) {
  return ParseName(value, kOnDeadlockNames, result);
}

bool Parse(std::string_view value, FailOn& result) {
  return ParseName(value, kFailOnNames, result);
}

bool Parse(std::string_view value, Perturb& result) {
  return ParseName(value, kPerturbNames, result);
}

// Reads a whole number from `lowest` to `highest`.
bool ParseNumber(std::string_view value, int64_t lowest, int64_t highest, int64_t& result) {
  int64_t number = 0;
  const char* end = value.data() + value.size();
  auto [stop, code] = std::from_chars(value.data(), end, number);
  if (code != std::errc() || stop != end || number < lowest || number > highest) return false;
  result = number;
  return true;
}

bool Parse(std::string_view value, Milliseconds& result) {
  int64_t number = 0;
  if (!ParseNumber(value, 1, kLongest.count(), number)) return false;
  result = Milliseconds(number);
  return true;
}

bool Parse(std::string_view value, Percent& result) {
  int64_t number = 0;
  if (!ParseNumber(value, 0, 100, number)) return false;
  result = static_cast<Percent>(number);
  return true;
}

bool Parse(std::string_view value, Seed& result) {
  int64_t number = 0;
  if (!ParseNumber(value, 0, std::numeric_limits<int64_t>::max(), number)) return false;
  result = static_cast<Seed>(number);
  return true;
}

bool Parse(std::string_view value, Flag& result) {
  if (value != "1" && value != "0") return false;
  result = value == "1";
  return true;
}

bool Parse(std::string_view value, Path& result) { return !value.empty() && result.Assign(value); }

void Format(OnDeadlock value, RawLine& line) {
  if (value != OnDeadlock::kDefault) line << kOnDeadlockNames[static_cast<size_t>(value)];
}
void Format(FailOn value, RawLine& line) { line << kFailOnNames[static_cast<size_t>(value)]; }
void Format(Perturb value, RawLine& line) { line << NameOf(value); }
void Format(Percent value, RawLine& line) { line << static_cast<int64_t>(value); }
void Format(Seed value, RawLine& line) { line << static_cast<int64_t>(value); }
void Format(Milliseconds value, RawLine& line) { line << value.count(); }
void Format(Flag value, RawLine& line) { line << (value ? "1" : "0"); }
void Format(const Path& value, RawLine& line) { line << value.text(); }

constexpr std::string_view kNames[] = {
#define OPTION(Type, member, name, default_value, help) name,
#include "libdetect/base/options.inc"
#undef OPTION
};

constexpr OptionHelp kTable[] = {
#define OPTION(Type, member, name, default_value, help) \
  {name, ValuesOf(Type(default_value)), help,           \
   [](RawLine& line) { Format(Type(default_value), line); }},
#include "libdetect/base/options.inc"
#undef OPTION
};

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes the quotes off `value`. Returns false where only the first of the two is there.
bool Unquote(std::string_view& value) {
  if (value.empty() || (value.front() != '"' && value.front() != '\'')) return true;
  if (value.size() < 2 || value.back() != value.front()) return false;
  value = value.substr(1, value.size() - 2);
  return true;
}

// Splits "name=value"; a missing value is empty, which no option takes.
struct Setting {
  explicit Setting(std::string_view text) : name(text.substr(0, text.find('='))) {
    if (name.size() < text.size()) value = text.substr(name.size() + 1);
  }
  std::string_view name;
  std::string_view value;
};

template <typename Type>
bool ParseOrRefuse(const Setting& setting, Type& result, RawLine& error) {
  if (Parse(setting.value, result)) return true;
  error << "bad value '" << Quoted(setting.value) << "' for " << setting.name
        << " (wanted: " << ValuesOf(result) << ")";
  return false;
}

bool Set(const Setting& setting, Options& options, RawLine& error) {
#define OPTION(Type, member, option_name, default_value, help) \
  if (setting.name == option_name) return ParseOrRefuse(setting, options.member, error);
#include "libdetect/base/options.inc"
#undef OPTION
  error << "unknown option '" << Quoted(setting.name) << "'";
  std::string_view meant = ClosestName(setting.name, kNames);
  if (!meant.empty()) error << "; did you mean '" << meant << "'?";
  return false;
}

// Sets an option whose value may be quoted, from a place called `origin`.
void SetOrWarn(std::string_view text, std::string_view origin, Options& options, WarningSink warn) {
  RawLine error;
  Setting setting(text);
  if (!Unquote(setting.value)) {
    error << "a quote is not closed: " << Quoted(text);
  } else if (Set(setting, options, error)) {
    return;
  }
  warn((RawLine() << origin << ": " << error.text()).text());
}

// Returns the length of the first item of a list: up to the first ':' that is not quoted.
size_t ItemLength(std::string_view list) {
  char quote = '\0';
  for (size_t i = 0; i < list.size(); ++i) {
    bool begins_value = i > 0 && list[i - 1] == '=';
    if (quote != '\0') {
      if (list[i] == quote) quote = '\0';
    } else if (begins_value && (list[i] == '"' || list[i] == '\'')) {
      quote = list[i];
    } else if (list[i] == ':') {
      return i;
    }
  }
  return list.size();
}

// Reads up to `size` bytes of the file. Returns how many, -1 with errno set where it cannot.
ssize_t ReadFile(const char* path, char* bytes, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return -1;
  size_t total = 0;
  ssize_t count = 0;
  while (total < size && (count = read(fd, bytes + total, size - total)) > 0) {
    total += static_cast<size_t>(count);
  }
  const int read_errno = errno;
  close(fd);
  errno = read_errno;
  return count < 0 ? -1 : static_cast<ssize_t>(total);
}

}  // namespace

bool Path::Assign(std::string_view text) {
  if (text.size() > kMaxBytes || text.find('\0') != text.npos) return false;
  text.copy(bytes_, text.size());
  bytes_[text.size()] = '\0';
  size_ = text.size();
  return true;
}

std::string_view NameOf(Perturb perturb) { return kPerturbNames[static_cast<size_t>(perturb)]; }

std::span<const OptionHelp> OptionTable() { return kTable; }

bool SetOption(std::string_view text, Options& options, RawLine& error) {
  return Set(Setting(text), options, error);
}

void SetOptions(std::string_view list, std::string_view origin, Options& options,
                WarningSink warn) {
  while (!list.empty()) {
    size_t length = ItemLength(list);
    std::string_view item = Trimmed(list.substr(0, length));
    if (!item.empty()) SetOrWarn(item, origin, options, warn);
    list.remove_prefix(std::min(length + 1, list.size()));
  }
}

void SetOptionsFromFile(const char* path, Options& options, WarningSink warn) {
  char bytes[16384];
  ssize_t count = ReadFile(path, bytes, sizeof(bytes));
  if (count < 0) {
    warn((RawLine() << "cannot read the options file " << Quoted(path) << ": "
                    << strerrordesc_np(errno))
             .text());
    return;
  }
  if (static_cast<size_t>(count) == sizeof(bytes)) {
    warn((RawLine() << Quoted(path) << ": only its first 16384 bytes are read").text());
  }
  std::string_view rest(bytes, static_cast<size_t>(count));
  while (!rest.empty()) {
    size_t length = std::min(rest.find('\n'), rest.size());
    std::string_view line = Trimmed(rest.substr(0, length));
    if (!line.empty() && line.front() != '#') SetOrWarn(line, path, options, warn);
    rest.remove_prefix(std::min(length + 1, rest.size()));
  }
}

void SetOptionsFromEnvironment(Options& options, WarningSink warn) {
  const char* list = secure_getenv(kEnvironment);
  if (list == nullptr) return;
  WarningSink quiet = [](std::string_view) {};
  SetOptions(list, kEnvironment, options, quiet);
  // Only `detect run` sets it, and has then warned on behalf of all its processes.
  if (!options.region_dir.empty()) warn = quiet;
  if (!options.options_file.empty()) {
    SetOptionsFromFile(options.options_file.c_str(), options, warn);
  }
  SetOptions(list, kEnvironment, options, warn);
}

}  // namespace detect
