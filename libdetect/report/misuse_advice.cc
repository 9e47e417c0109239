#include "libdetect/report/misuse_advice.h"

#include "libdetect/base/kinds.h"
#include "libdetect/report/visible_frames.h"

namespace detect {
namespace {

// What the sentences are made of.
struct Words {
  std::string culprit;   // "worker", quoted
  std::string resource;  // accounts
  std::string where;     // " at bank.cc:41", or nothing
  std::string other;     // the other thread, quoted, or nothing
  std::string other_at;  // " at bank.cc:12", or nothing
};

std::string At(const std::vector<Frame>& stack) {
  const std::string place = ShortLocation(stack);
  return place.empty() ? "" : " at " + place;
}

Words WordsOf(const Finding& finding, uint32_t resource, const ReportIndex& index) {
  const ReportStep& culprit = finding.involved.front();
  Words words{'"' + index.ThreadLabel(culprit.thread) + '"', index.Resource(resource).name,
              At(culprit.stack), "", ""};
  if (finding.involved.size() > 1) {
    words.other = '"' + index.ThreadLabel(finding.involved[1].thread) + '"';
    words.other_at = At(finding.involved[1].stack);
  } else if (!culprit.holds.empty()) {
    words.other = index.Resource(culprit.holds.front().resource).name;
    words.other_at = At(culprit.holds.front().stack);
  }
  return words;
}

Advice HeldAtExit(const Words& w) {
  return {w.culprit + " ended while it held " + w.resource,
          "Nobody else can release " + w.resource +
              " any more. Whoever asks for it next waits for ever.",
          "release " + w.resource + ", taken" + w.other_at +
              ", on every path out, as std::lock_guard does"};
}

Advice Rank(const Words& w) {
  return {w.culprit + " took " + w.resource + " while it held " + w.other +
              ", which does not rank below it",
          "Ranks are an order in which locks are taken. Two threads that take them in two orders "
          "can wait for each other.",
          "take " + w.resource + w.where + " before " + w.other + w.other_at +
              ", or give it a higher rank"};
}

Advice Unguarded(const Words& w) {
  return {w.culprit + " used a value without holding " + w.resource + ", which guards it",
          "Another thread may be changing the value at the same time.",
          "hold " + w.resource + w.where + ", as by lock() of the guarded value"};
}

Advice Confined(const Words& w) {
  return {w.culprit + " used " + w.resource + ", which is confined to " + w.other,
          "What is confined to one thread has no lock: two threads may now use it at once.",
          "use it" + w.where + " from " + w.other +
              " only, or hand it over: rebind() by the thread that takes it"};
}

Advice Leftover(const Words& w) {
  return {"a task on " + w.culprit + " left a value behind in " + w.resource,
          "The worker keeps it, so the next task that it runs meets it.",
          "reset " + w.resource + " before the task ends" +
              (w.where.empty() ? "" : "; it was set" + w.where)};
}

Advice TaskDone(const Words& w) {
  return {w.culprit + " called task_done() on " + w.resource + " more often than items were put",
          "join() returns once each item is done: a call too many lets it return too early.",
          "call task_done() once for each get()" + w.where};
}

struct Row {
  const char* verb;
  Advice (*advice)(const Words&);
};

// By Misuse.
constexpr Row kRows[kMisuseCount] = {
    {"ends", HeldAtExit},  {"locks", Rank},         {"uses the value", Unguarded},
    {"uses it", Confined}, {"leaves it", Leftover}, {"calls task_done()", TaskDone},
};

int RowOf(const std::string& rule) {
  int row = 0;
  while (row < kMisuseCount && rule != MisuseRule(static_cast<Misuse>(row))) ++row;
  return row;
}

}  // namespace

Advice AdviceForMisuse(const Finding& finding, uint32_t resource, const ReportIndex& index) {
  const int row = RowOf(finding.rule);
  if (row == kMisuseCount) return {};
  return kRows[row].advice(WordsOf(finding, resource, index));
}

const char* MisuseVerb(const std::string& rule) {
  const int row = RowOf(rule);
  return row == kMisuseCount ? "" : kRows[row].verb;
}

}  // namespace detect
