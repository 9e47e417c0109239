#include "tools/detect/run_arguments.h"

#include <string_view>

namespace detect {
namespace {

// Splits the words into settings, "name=value", and the program.
bool Split(std::span<const std::string> words, std::vector<std::string>* settings,
           RunArguments* result, std::string* error) {
  size_t i = 0;
  for (; i < words.size() && words[i].starts_with('-'); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      ++i;
      break;
    }
    if (word == "-h" || word == "--help") {
      result->wants_help = true;
      return true;
    }
    if (word.starts_with("--")) {
      settings->push_back(word.substr(2));
    } else if (word == "-o" && i + 1 < words.size()) {
      settings->push_back("output=" + words[++i]);
    } else {
      *error = word == "-o" ? "-o wants a file" : "unknown option '" + word + "'";
      return false;
    }
  }
  result->program.assign(words.begin() + static_cast<ptrdiff_t>(i), words.end());
  if (!result->program.empty()) return true;
  *error = "no program is given";
  return false;
}

bool Apply(const std::vector<std::string>& settings, Options* options, std::string* error) {
  for (const std::string& setting : settings) {
    RawLine line;
    if (SetOption(setting, *options, line)) continue;
    *error = line.text();
    return false;
  }
  return true;
}

}  // namespace

bool ParseRunArguments(std::span<const std::string> words, RunArguments* result,
                       std::string* error) {
  std::vector<std::string> settings;
  if (!Split(words, &settings, result, error)) return false;
  if (result->wants_help) return true;

  Options flags;
  if (!Apply(settings, &flags, error)) return false;
  SetOptionsFromEnvironment(result->options);
  if (!flags.options_file.empty()) {
    SetOptionsFromFile(flags.options_file.c_str(), result->options, RawLog);
  }
  Apply(settings, &result->options, error);
  if (result->options.on_deadlock == OnDeadlock::kVictim) {
    *error = "on-deadlock=victim works only in a program that libdetect is linked into";
    return false;
  }
  return true;
}

std::string RunHelp() {
  std::string text =
      "detect run: runs a program under observation and reports its deadlocks.\n"
      "\n"
      "  detect run ./server -p 80                report on stderr, and to a file when there is "
      "one\n"
      "  detect run -o report.json -- ./server    write the report to report.json in any case\n"
      "  detect run --on-deadlock=abort ./tests   end a deadlocked program with a core file\n"
      "\n"
      "Usage: detect run [-o FILE] [--OPTION=VALUE]... [--] PROGRAM [ARGUMENT]...\n"
      "\n"
      "Options, also in DETECT_OPTIONS=name=value:name=value\n";
  for (const OptionHelp& row : OptionTable()) {
    if (std::string_view(row.name) == "region-dir") continue;
    RawLine value;
    row.format_default(value);
    text += "  --" + std::string(row.name) + "=" + row.values + "\n      " + row.help;
    if (!value.text().empty()) text += " (default: " + std::string(value.text()) + ")";
    text += "\n";
  }
  text +=
      "\n"
      "On a proven deadlock the program is ended (--on-deadlock=exit).\n"
      "Exit code: the program's own, 128+N for signal N, 66 when something was found, 2 for a\n"
      "mistake in the command line, 125 when detect itself fails, 126 or 127 when the program\n"
      "cannot be executed or is not there.\n";
  return text;
}

}  // namespace detect
