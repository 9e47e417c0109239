#include "libdetect/report/finding_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "libdetect/report/cycle_view.h"
#include "libdetect/report/misuse_advice.h"
#include "libdetect/report/terminal_text.h"
#include "libdetect/report/text_table.h"
#include "libdetect/report/visible_frames.h"

namespace detect {
namespace {

using Lines = std::vector<std::string>;

constexpr size_t kRowsUnfolded = 6;  // of a cycle; a longer one shows kRowsFolded and a count
constexpr size_t kRowsFolded = 4;
constexpr size_t kNamesFolded = 3;  // of the threads behind a "+"
constexpr size_t kCellColumns = 40;
constexpr size_t kParagraphLines = 3;  // of the headline, the explanation and the fix
constexpr size_t kLeastColumns = 60;

void Append(Lines& lines, const Lines& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

// Puts `text` at the right end of the last line where it fits, else on a line of its own.
void AppendRight(Lines& lines, const std::string& text, size_t width) {
  const size_t used = DisplayWidth(lines.back()) + DisplayWidth(text);
  if (used + 2 <= width)
    lines.back() += std::string(width - used, ' ') + text;
  else
    lines.push_back("  " + text);
}

// Without locale. Bytes outside ASCII stay.
std::string UpperCase(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// Returns "120 ms", "5.0 s", "12 min 3 s" or "2 h 5 min". A report may hold any number.
std::string Duration(double seconds) {
  constexpr double kLongest = 1e9;
  const double s = std::clamp(seconds, 0.0, kLongest);
  const auto whole = static_cast<long long>(s);
  char text[64];
  if (s < 0.9995)
    std::snprintf(text, sizeof(text), "%d ms", static_cast<int>(std::lround(s * 1000)));
  else if (s < 59.95)
    std::snprintf(text, sizeof(text), "%lld.%lld s", std::llround(s * 10) / 10,
                  std::llround(s * 10) % 10);
  else if (s < 3600)
    std::snprintf(text, sizeof(text), "%lld min %lld s", whole / 60, whole % 60);
  else
    std::snprintf(text, sizeof(text), "%lld h %lld min", whole / 3600, whole % 3600 / 60);
  return text;
}

// What it is to hold a resource of that kind, with a blank behind.
std::string HoldVerb(const std::string& kind, const std::string& mode) {
  if (kind == "rwlock") return mode == "shared" ? "reads " : "writes ";
  if (kind == "pool") return "works for ";
  if (kind == "semaphore") return "has a permit of ";
  if (kind == "barrier") return "takes part in ";
  if (kind == "future") return "runs ";
  if (kind == "once") return "initialises ";
  return "holds ";
}

std::string WaitVerb(const std::string& kind, const std::string& mode) {
  if (kind == "rwlock") return mode == "shared" ? "waits to read " : "waits to write ";
  if (kind == "thread") return "joins ";
  if (kind == "barrier" || kind == "latch") return "waits at ";
  if (kind == "semaphore") return "waits for a permit of ";
  if (kind == "exchange") return "waits for a partner at ";
  return "waits for ";
}

// One row a thread: name, what it holds, where, what it waits for, where.
class ThreadRows {
 public:
  ThreadRows(const ReportIndex& index, const CycleView& cycle)
      : index_(index), cycle_(cycle), table_(kCellColumns) {}

  void AddCycleStep(size_t i) {
    const ReportStep& step = cycle_.Step(i);
    if (const ReportHold* held = cycle_.Held(i)) return AddHoldingStep(step, *held);
    if (cycle_.size() > 1 && cycle_.IsJoin(i + cycle_.size() - 1))
      return AddRow(step, "is joined", {});
    if (cycle_.size() > 1 && cycle_.Step(i + cycle_.size() - 1).waits_for == step.waits_for)
      return AddRow(step, "is next for " + cycle_.Wanted(i).name, {});
    AddStep(step);
  }

  void AddStep(const ReportStep& step) {
    if (step.holds.empty()) return AddRow(step, "", {});
    AddHoldingStep(step, step.holds.front());
  }

  Lines Take() const { return table_.Lines("  "); }

 private:
  // Where a pool gave a worker its task, or its place, is nothing that its user could change.
  void AddHoldingStep(const ReportStep& step, const ReportHold& hold) {
    const std::string& kind = index_.Resource(hold.resource).kind;
    const bool is_work = kind == "pool" || kind == "future";
    AddRow(step, HoldCell(hold), is_work ? std::vector<Frame>() : hold.stack);
  }

  void AddRow(const ReportStep& step, const std::string& held, const std::vector<Frame>& held_at) {
    Lines cells = {index_.ThreadLabel(step.thread), held, ShortLocation(held_at), WaitCell(step),
                   ShortLocation(step.stack)};
    for (std::string& cell : cells) cell = EscapeForTerminal(cell);
    table_.AddRow(cells);
  }

  std::string HoldCell(const ReportHold& hold) const {
    const ReportResource& resource = index_.Resource(hold.resource);
    return HoldVerb(resource.kind, hold.mode) + resource.name;
  }

  std::string WaitCell(const ReportStep& step) const {
    const std::string& rule = cycle_.finding().rule;
    if (!step.waits_for) {
      if (!cycle_.finding().cycle.empty()) return "has ended";
      return &step == &cycle_.finding().involved.front() ? MisuseVerb(rule) : "has it";
    }
    const ReportResource& resource = index_.Resource(*step.waits_for);
    const std::string verb =
        step.condition ? "waits to retake " : WaitVerb(resource.kind, step.mode);
    return verb + resource.name + (step.has_deadline ? " (timed)" : "");
  }

  const ReportIndex& index_;
  const CycleView& cycle_;
  TextTable table_;
};

class FindingText {
 public:
  FindingText(const Finding& finding, const ReportIndex& index, const TextOptions& options)
      : finding_(finding),
        index_(index),
        verbose_(options.verbose),
        color_(options.color),
        width_(std::max(options.width, kLeastColumns)),
        cycle_(finding, index) {}

  Lines Render() const {
    Lines lines = Headline();
    Append(lines, Rows());
    if (verbose_) {
      AppendStacks(lines);
    } else {
      AppendFolded(lines, finding_.involved, "tied up with these");
      AppendFolded(lines, finding_.queued, "queued behind");
    }
    const bool is_guess = finding_.verdict != Verdict::kProven;
    if (verbose_ || is_guess || finding_.cycle.empty())
      Append(lines, Paragraph("  Why: ", EscapeForTerminal(finding_.explanation)));
    Append(lines, Paragraph("  Fix: ", EscapeForTerminal(finding_.fix) + "."));
    AppendRight(lines, "detect explain " + EscapeForTerminal(finding_.rule), width_);
    return lines;
  }

 private:
  Lines Headline() const {
    const std::string rule = EscapeForTerminal(finding_.rule);
    const std::string title = UpperCase(rule) + " (" + VerdictName(finding_.verdict) + ")";
    std::string since = finding_.cycle.empty() ? "" : ", since " + Duration(finding_.since_seconds);
    if (!since.empty()) std::replace(since.begin() + 1, since.end(), ' ', kNoBreak);
    Lines lines = Paragraph("detect: ", title + ": " + EscapeForTerminal(finding_.summary) + since);
    AppendRight(lines, "[" + rule + "]", width_);
    if (color_) Highlight(lines.front(), title);
    return lines;
  }

  // `text` is escaped already.
  Lines Paragraph(const std::string& indent, const std::string& text) const {
    Lines lines = WrapText(text, indent, width_);
    if (!verbose_ && lines.size() > kParagraphLines) {
      lines.resize(kParagraphLines);
      lines.back() += " …";
    }
    return lines;
  }

  void Highlight(std::string& line, const std::string& title) const {
    const size_t at = line.find(title);
    if (at == line.npos) return;
    const char* style = finding_.verdict == Verdict::kProven ? "\x1b[1;31m" : "\x1b[1;33m";
    line.replace(at, title.size(), style + title + "\x1b[0m");
  }

  Lines Rows() const {
    ThreadRows rows(index_, cycle_);
    const size_t n = finding_.cycle.size();
    const size_t shown = verbose_ || n <= kRowsUnfolded ? n : kRowsFolded;
    for (size_t i = 0; i < shown; ++i) rows.AddCycleStep(i);
    for (const ReportStep& step : finding_.involved) {
      const bool told = !step.waits_for;  // has ended, or misused something
      if (verbose_ || told) rows.AddStep(step);
      if (!verbose_ && told && n > 0) break;  // there is one that the cycle leads to
    }
    if (verbose_) {
      for (const ReportStep& step : finding_.queued) rows.AddStep(step);
    }
    Lines lines = rows.Take();
    if (shown < n)
      lines.insert(lines.begin() + shown, "  … " + std::to_string(n - shown) + " more");
    return lines;
  }

  // "+ 12 threads queued behind: reader-1, reader-2, reader-3, … 9 more"
  void AppendFolded(Lines& lines, const std::vector<ReportStep>& steps, const char* role) const {
    std::string names;
    size_t count = 0;
    for (const ReportStep& step : steps) {
      if (!step.waits_for || ++count > kNamesFolded) continue;
      if (count > 1) names += ", ";
      names += Ellipsize(EscapeForTerminal(index_.ThreadLabel(step.thread)), kCellColumns);
    }
    if (count == 0) return;
    if (count > kNamesFolded) names += ", … " + std::to_string(count - kNamesFolded) + " more";
    const std::string noun = count == 1 ? " thread " : " threads ";
    lines.push_back("  + " + std::to_string(count) + noun + role + ": " + names);
  }

  void AppendStacks(Lines& lines) const {
    for (const auto* steps : {&finding_.cycle, &finding_.involved, &finding_.queued}) {
      for (const ReportStep& step : *steps) AppendStacksOf(lines, step);
    }
  }

  void AppendStacksOf(Lines& lines, const ReportStep& step) const {
    const ReportThread& thread = index_.Thread(step.thread);
    const std::string who =
        EscapeForTerminal(thread.name) + " (tid " + std::to_string(thread.tid) + ")";
    for (const ReportHold& hold : step.holds) {
      lines.push_back("  " + who + " acquired " +
                      EscapeForTerminal(index_.Resource(hold.resource).name) + " at");
      AppendStack(lines, hold.stack);
    }
    if (!step.waits_for) {
      if (step.stack.empty()) return;
      lines.push_back("  " + who + " at");
      return AppendStack(lines, step.stack);
    }
    lines.push_back("  " + who + " waits for " +
                    EscapeForTerminal(index_.Resource(*step.waits_for).name) + ", since " +
                    Duration(step.since_seconds) + ", at");
    AppendStack(lines, step.stack);
  }

  // Frames that nobody here can change are folded into a count.
  static void AppendStack(Lines& lines, const std::vector<Frame>& stack) {
    size_t hidden = 0;
    const auto flush = [&] {
      if (hidden > 0) lines.push_back("      … " + std::to_string(hidden) + " hidden");
      hidden = 0;
    };
    for (const Frame& frame : stack) {
      if (IsHidden(frame)) {
        ++hidden;
        continue;
      }
      flush();
      lines.push_back("      " + FrameLine(frame));
    }
    flush();
    if (stack.empty()) lines.push_back("      (no stack was recorded)");
  }

  static std::string FrameLine(const Frame& frame) {
    const std::string function = frame.function.empty() ? "??" : frame.function;
    const std::string place =
        frame.file.empty() ? frame.module : frame.file + ":" + std::to_string(frame.line);
    return EscapeForTerminal(function + (place.empty() ? "" : "  " + place));
  }

  const Finding& finding_;
  const ReportIndex& index_;
  const bool verbose_;
  const bool color_;
  const size_t width_;
  const CycleView cycle_;
};

}  // namespace

Lines FindingLines(const Finding& finding, const ReportIndex& index, const TextOptions& options) {
  return FindingText(finding, index, options).Render();
}

}  // namespace detect
