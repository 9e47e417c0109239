// detect: the command line. Finds the verb and leaves the rest to it.
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libdetect/base/edit_distance.h"
#include "libdetect/base/version.h"
#include "tools/detect/exit_codes.h"
#include "tools/detect/verbs.h"

namespace detect {
namespace {

struct Verb {
  std::string_view name;
  int (*run)(std::span<const std::string> words);
};
constexpr Verb kVerbs[] = {{"run", RunVerb}, {"explain", ExplainVerb}};

constexpr char kHelp[] =
    "detect finds deadlocks in native programs, without a rebuild.\n"
    "\n"
    "  detect run ./server -p 80        run a program and report its deadlocks\n"
    "  detect run -o r.json -- ./tests  the same, with the report in r.json\n"
    "  detect explain deadlock          what a finding means and how to fix it\n"
    "\n"
    "  detect VERB --help               more on a verb\n"
    "  detect --version                 the version\n";

// Returns the verb of that name, or the only one that begins so.
const Verb* FindVerb(std::string_view word) {
  const Verb* found = nullptr;
  for (const Verb& verb : kVerbs) {
    if (verb.name == word) return &verb;
    if (word.empty() || !verb.name.starts_with(word)) continue;
    if (found != nullptr) return nullptr;
    found = &verb;
  }
  return found;
}

int RefuseVerb(const std::string& word) {
  std::vector<std::string_view> names;
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  std::string message = "detect: unknown verb '" + word + "'";
  std::string_view meant = ClosestName(word, names);
  if (!meant.empty()) message.append("; did you mean '").append(meant).append("'?");
  std::fprintf(stderr, "%s\n  See: detect --help\n", message.c_str());
  return kExitUsage;
}

int Main(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::fputs(kHelp, stderr);
    return kExitUsage;
  }
  if (words[0] == "-h" || words[0] == "--help" || words[0] == "help") {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (words[0] == "--version") {
    std::printf("detect %s\n", kVersion);
    return 0;
  }
  const Verb* verb = FindVerb(words[0]);
  return verb != nullptr ? verb->run(std::span(words).subspan(1)) : RefuseVerb(words[0]);
}

}  // namespace
}  // namespace detect

int main(int argc, char** argv) {
  try {
    return detect::Main({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "detect: %s\n", error.what());
    return detect::kExitOwnFailure;
  }
}
