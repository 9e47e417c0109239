// Report is what detect tells about one run: the document behind report.json and behind every view.
//
//   Deadlock + Snapshot + Symbolizer ─► Finding ─► Report ─► JSON ─► any view, on any machine
//
// It holds names, stacks and source lines as text, so that a reader needs neither the program nor
// its debug information. docs/report_format.md describes the JSON form field by field.
//
// Context: monitor or tool. Threads: a value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/base/kinds.h"
#include "libdetect/stack/symbolizer.h"

namespace detect {

inline constexpr int kReportVersion = 1;

// Returns "proven", "suspected", "possible" or "temporary".
const char* VerdictName(Verdict verdict);

struct ReportThread {
  uint32_t id = 0;
  int32_t tid = 0;
  int32_t pid = 0;
  std::string name;
  std::string state;  // "running", "waiting", "ended"
  bool daemon = false;

  bool operator==(const ReportThread&) const = default;
};

struct ReportResource {
  uint32_t id = 0;
  std::string kind;  // ResourceKindName()
  std::string name;  // never empty, never just an address
  uint64_t address = 0;
  std::vector<Frame> created_at;

  bool operator==(const ReportResource&) const = default;
};

// A lock that a thread of a finding holds.
struct ReportHold {
  uint32_t resource = 0;
  std::string mode;  // "exclusive", "shared", "member"
  std::vector<Frame> stack;

  bool operator==(const ReportHold&) const = default;
};

// One thread of a finding: what it holds that others want, what it wants, who stands in its way.
struct ReportStep {
  uint32_t thread = 0;
  std::optional<uint32_t> waits_for;  // a resource's id; none for a thread that has ended
  // The condition whose wait must take the mutex `waits_for` again before it returns.
  std::optional<uint32_t> condition;
  std::string mode;
  double since_seconds = 0;  // how long it had waited when the finding was made
  bool has_deadline = false;
  std::optional<uint32_t> blocker;  // a thread's id; none where nobody in particular is to act
  std::vector<ReportHold> holds;
  std::vector<Frame> stack;  // where it waits

  bool operator==(const ReportStep&) const = default;
};

struct Finding {
  std::string rule;  // "deadlock", "self-deadlock", or MisuseRule()
  Verdict verdict = Verdict::kProven;
  std::string fingerprint;   // 16 hex digits; the same for the same bug in another run or build
  std::string summary;       // one sentence
  std::string explanation;   // why it can never end, or what the verdict rests on
  std::string fix;           // what to change
  double since_seconds = 0;  // how long its last thread had been waiting when it was made
  // In order: each step's blocker is the next step's thread. Empty for a misuse.
  std::vector<ReportStep> cycle;
  // Other threads that block each other with those of `cycle`, and ended ones that keep its locks.
  // Of a misuse: who did it, where, holding what; then whose rule it was.
  std::vector<ReportStep> involved;
  std::vector<ReportStep> queued;  // blocked behind, and part of no cycle

  bool operator==(const Finding&) const = default;
};

// Returns whether `finding` is a deadlock, as opposed to a misuse, and can never end by itself:
// that is what a policy acts on.
bool IsProvenDeadlock(const Finding& finding);

struct Report {
  struct Program {
    std::string path;
    std::vector<std::string> args;
    int32_t pid = 0;
    std::string started;  // RFC 3339, UTC
    // How the program ended; at most one has a value.
    std::optional<int> exit_code;
    std::optional<int> signal;

    bool operator==(const Program&) const = default;
  };
  struct Environment {
    std::string detect_version;
    std::string route;  // "linked", "preloaded", "run"
    std::string kernel;
    std::string libc;
    std::string machine;

    bool operator==(const Environment&) const = default;
  };

  Program program;
  Environment environment;
  std::vector<ReportThread> threads;      // those of the findings
  std::vector<ReportResource> resources;  // those of the findings
  std::vector<Finding> findings;
  std::map<std::string, uint64_t> losses;  // what was not recorded, by reason; only counts > 0
  std::vector<std::string> notes;          // what a reader should know of how far to trust it

  bool operator==(const Report&) const = default;
};

}  // namespace detect
