// detect explain: what a finding means and how to fix it, from docs/findings.
#include <cstdio>
#include <string_view>
#include <vector>

#include "libdetect/base/edit_distance.h"
#include "tools/detect/exit_codes.h"
#include "tools/detect/verbs.h"

namespace detect {
namespace {

struct Page {
  std::string_view rule;
  std::string_view text;
};
constexpr Page kPages[] = {
#include "tools/detect/finding_pages.inc"
};

std::vector<std::string_view> Rules() {
  std::vector<std::string_view> rules;
  for (const Page& page : kPages) rules.push_back(page.rule);
  return rules;
}

void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int Help() {
  Print("detect explain: what a finding means and how to fix it.\n\n");
  for (std::string_view rule : Rules()) {
    Print("  detect explain ");
    Print(rule);
    Print("\n");
  }
  return 0;
}

}  // namespace

int ExplainVerb(std::span<const std::string> words) {
  if (words.empty() || words[0] == "-h" || words[0] == "--help") return Help();
  for (const Page& page : kPages) {
    if (page.rule != words[0]) continue;
    Print(page.text);
    return 0;
  }
  std::string message = "detect explain: there is no rule '" + words[0] + "'";
  std::string_view meant = ClosestName(words[0], Rules());
  if (!meant.empty()) message.append("; did you mean '").append(meant).append("'?");
  std::fprintf(stderr, "%s\n  See: detect explain\n", message.c_str());
  return kExitUsage;
}

}  // namespace detect
