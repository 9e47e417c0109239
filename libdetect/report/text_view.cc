#include "libdetect/report/text_view.h"

#include <vector>

#include "libdetect/report/finding_text.h"
#include "libdetect/report/report_index.h"
#include "libdetect/report/terminal_text.h"
#include "libdetect/report/text_table.h"

namespace detect {
namespace {

using Lines = std::vector<std::string>;

constexpr size_t kFirstScreen = 25;  // lines
constexpr size_t kTailLines = 4;     // of them at most for what follows the findings
constexpr size_t kTailColumns = 200;

void Append(Lines& lines, const Lines& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

std::string Join(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// What a reader should know of how far to trust the report.
Lines Caveats(const Report& report) {
  Lines lines;
  std::string lost;
  for (const auto& [reason, count] : report.losses)
    lost += (lost.empty() ? "" : ", ") + std::to_string(count) + " " + reason;
  if (!lost.empty())
    lines.push_back("Not recorded: " + lost + ". What they are part of is missing here.");
  for (const std::string& note : report.notes) lines.push_back("Note: " + note);
  for (std::string& line : lines) line = "  " + Ellipsize(EscapeForTerminal(line), kTailColumns);
  return lines;
}

Lines Tail(const Report& report, const TextOptions& options) {
  Lines lines = Caveats(report);
  if (!options.verbose && lines.size() >= kTailLines) {
    const size_t left_out = lines.size() - (kTailLines - 2);
    lines.resize(kTailLines - 2);
    lines.push_back("  + " + std::to_string(left_out) + " more notes in the report");
  }
  if (!options.report_path.empty())
    lines.push_back("  Report: " + EscapeForTerminal(options.report_path));
  return lines;
}

// As many whole findings as the first screen takes, at least one.
Lines Findings(const Report& report, const TextOptions& options, size_t room) {
  const ReportIndex index(report);
  Lines lines;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Lines finding = FindingLines(report.findings[i], index, options);
    const size_t left = report.findings.size() - i;
    if (i > 0 && !options.verbose && lines.size() + finding.size() + 2 > room) {
      lines.push_back("  + " + std::to_string(left) + " more finding" + (left == 1 ? "" : "s") +
                      " in the report");
      break;
    }
    if (i > 0) lines.emplace_back();
    Append(lines, finding);
  }
  return lines;
}

}  // namespace

std::string RenderText(const Report& report, const TextOptions& options) {
  const Lines tail = Tail(report, options);
  if (report.findings.empty()) {
    const std::string where =
        report.program.path.empty() ? "" : " in " + EscapeForTerminal(report.program.path);
    Lines lines = {"detect: no deadlock found" + where + "."};
    Append(lines, tail);
    return Join(lines);
  }
  Lines lines = Findings(report, options, kFirstScreen - tail.size());
  Append(lines, tail);
  return Join(lines);
}

std::string RenderFinding(const Report& report, const Finding& finding,
                          const TextOptions& options) {
  Lines lines = FindingLines(finding, ReportIndex(report), options);
  if (!options.report_path.empty())
    lines.push_back("  Report: " + EscapeForTerminal(options.report_path));
  return Join(lines);
}

std::string RenderTail(const Report& report, const TextOptions& options) {
  return Join(Tail(report, options));
}

}  // namespace detect
