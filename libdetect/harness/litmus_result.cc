#include "libdetect/harness/litmus_result.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "libdetect/report/terminal_text.h"
#include "libdetect/report/text_table.h"

namespace detect::litmus {
namespace {

constexpr size_t kMaxCellWidth = 100;

std::string Format(const char* format, double number) {
  char text[64];
  snprintf(text, sizeof(text), format, number);
  return text;
}

bool IsBad(const Row& row) {
  return row.samples > 0 && (row.grade == Grade::kForbidden || row.grade == Grade::kUngraded);
}

const char* NameOf(Grade grade) {
  switch (grade) {
    case Grade::kAcceptable:
      return "acceptable";
    case Grade::kInteresting:
      return "interesting";
    case Grade::kForbidden:
      return "forbidden";
    case Grade::kUngraded:
      return "ungraded";
  }
  return "";
}

double Seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// 1234567 as "1,234,567".
std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto i = static_cast<ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<size_t>(i), 1, ',');
  }
  return digits;
}

const std::vector<std::string> kHeadings = {"outcome", "samples", "frequency", "grade",
                                            "description"};

std::vector<std::string> CellsOf(const Row& row, uint64_t samples) {
  const double share = samples == 0 ? 0 : static_cast<double>(row.samples) / samples;
  // A rare outcome must not read as one that never came.
  const bool rare = row.samples > 0 && share < 0.00005;
  return {OutcomeText(row.outcome), Grouped(row.samples),
          rare ? "< 0.01 %" : Format("%.2f %%", 100 * share), NameOf(row.grade),
          row.grade == Grade::kUngraded ? "nobody graded it, so it counts as forbidden"
                                        : EscapeForTerminal(row.description)};
}

// What became of the test, in a few words.
std::string Verdict(const Result& result) {
  if (!result.error.empty()) return "ERROR: " + EscapeForTerminal(result.error);
  if (result.overlap == 0) return "FAILED: the actors never ran at the same time";
  std::string bad;
  for (const Row& row : result.rows) {
    if (IsBad(row)) bad += (bad.empty() ? "" : "; ") + OutcomeText(row.outcome);
  }
  return bad.empty() ? "passed" : "FAILED: came out as " + bad;
}

// How thoroughly it was tried; "" where it was not.
std::string Effort(const Result& result) {
  if (result.samples == 0) return "";
  return Grouped(result.samples) + " samples in " + Format("%.2f s", Seconds(result.elapsed)) +
         ", actors overlapped in " + Format("%.0f %%", 100 * result.overlap) + " of the batches";
}

std::string TableText(const Result& result) {
  TextTable table(kMaxCellWidth);
  table.AddRow(kHeadings);
  for (const Row& row : result.rows) table.AddRow(CellsOf(row, result.samples));
  std::string text;
  for (const std::string& line : table.Lines("  ")) text += line + "\n";
  return text;
}

// For text without control characters, which XML cannot hold in any form.
std::string EscapeMarkup(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Element(const std::string& name, const std::string& attributes, std::string_view text) {
  return "<" + name + attributes + ">" + EscapeMarkup(text) + "</" + name + ">";
}

std::string Attribute(const std::string& name, std::string_view value) {
  return " " + name + "=\"" + EscapeMarkup(value) + "\"";
}

std::string HtmlRow(const std::string& cell, const std::vector<std::string>& texts,
                    const std::string& css_class) {
  std::string html = "<tr" + Attribute("class", css_class) + ">";
  for (const std::string& text : texts) html += Element(cell, "", text);
  return html + "</tr>\n";
}

std::string HtmlSection(const Result& result) {
  std::string html = Element("h2", "", EscapeForTerminal(result.name)) + "\n" +
                     Element("p", "", Verdict(result)) + "\n" + Element("p", "", Effort(result)) +
                     "\n<table>\n";
  html += HtmlRow("th", kHeadings, "");
  for (const Row& row : result.rows) {
    // Colour is for what was seen; a forbidden outcome that never came is good news.
    html += HtmlRow("td", CellsOf(row, result.samples), row.samples > 0 ? NameOf(row.grade) : "");
  }
  return html + "</table>\n";
}

std::string JunitCase(const Result& result) {
  std::string xml = "<testcase" + Attribute("classname", "litmus") +
                    Attribute("name", EscapeForTerminal(result.name)) +
                    Attribute("time", Format("%.3f", Seconds(result.elapsed))) + ">\n";
  if (result.Passed()) {
    xml += Element("system-out", "", ToText(result));
  } else {
    xml += Element(result.error.empty() ? "failure" : "error",
                   Attribute("message", Verdict(result)), ToText(result));
  }
  return xml + "\n</testcase>\n";
}

}  // namespace

bool Result::Passed() const {
  return error.empty() && overlap > 0 && std::none_of(rows.begin(), rows.end(), IsBad);
}

uint64_t Result::SamplesOf(const std::vector<int>& outcome) const {
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const Row& each) { return each.outcome == outcome; });
  return row == rows.end() ? 0 : row->samples;
}

std::string OutcomeText(const std::vector<int>& outcome) {
  std::string text;
  for (const int value : outcome) text += (text.empty() ? "" : ", ") + std::to_string(value);
  return text.empty() ? "others" : text;
}

std::string ToText(const Result& result) {
  const std::string effort = Effort(result);
  return EscapeForTerminal(result.name) + ": " + Verdict(result) + "\n" +
         (effort.empty() ? "" : "  " + effort + "\n") + TableText(result);
}

std::string ToHtml(std::span<const Result> results) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<title>Litmus tests</title>\n<style>\n"
      "body { font-family: sans-serif; margin: 2em }\n"
      "th, td { text-align: left; padding: 0.2em 1em 0.2em 0 }\n"
      "td:nth-child(2), td:nth-child(3) { text-align: right }\n"
      ".interesting { background: #fff3c4; color: #000 }\n"
      ".forbidden, .ungraded { background: #ffd0d0; color: #000 }\n"
      "</style>\n<h1>Litmus tests</h1>\n";
  for (const Result& result : results) html += HtmlSection(result);
  return html + "</html>\n";
}

std::string ToJunit(std::span<const Result> results) {
  size_t failures = 0;
  size_t errors = 0;
  std::string cases;
  for (const Result& result : results) {
    if (!result.error.empty()) {
      ++errors;
    } else if (!result.Passed()) {
      ++failures;
    }
    cases += JunitCase(result);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite" + Attribute("name", "litmus") +
         Attribute("tests", std::to_string(results.size())) +
         Attribute("failures", std::to_string(failures)) +
         Attribute("errors", std::to_string(errors)) + ">\n" + cases + "</testsuite>\n";
}

}  // namespace detect::litmus
