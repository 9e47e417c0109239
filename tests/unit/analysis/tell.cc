#include "tests/unit/analysis/tell.h"

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/base/kinds.h"

namespace detect {
namespace {

std::string Verb(const Deadlock& deadlock) {
  switch (deadlock.verdict) {
    case Verdict::kProven:
      return "proven";
    case Verdict::kSuspected:
      return deadlock.guess == Guess::kNobodyElseNotifies ? "nobody notifies" : "ended keeps";
    case Verdict::kPossible:
      return "possible";
    case Verdict::kTemporary:
      return "temporary";
  }
  return "unknown verdict";
}

const std::string& NameOf(const Snapshot& snapshot, ThreadIndex thread) {
  return snapshot.names[snapshot.threads[thread].name];
}

std::string Arrow(const Snapshot& snapshot, const BlockedBy& step) {
  const Resource& resource = snapshot.resources[step.resource];
  std::string label =
      resource.kind == ResourceKind::kThread ? "join" : snapshot.names[resource.name];
  std::string blocker = step.blocker == kNoThread ? "nobody" : NameOf(snapshot, step.blocker);
  return NameOf(snapshot, step.thread) + " -" + label + "-> " + blocker;
}

std::string Names(const Snapshot& snapshot, const std::vector<ThreadIndex>& threads) {
  std::string names;
  for (ThreadIndex thread : threads) names += " " + NameOf(snapshot, thread);
  return names;
}

}  // namespace

std::vector<std::string> Tell(const Snapshot& snapshot) {
  std::vector<std::string> lines;
  for (const Deadlock& deadlock : FindDeadlocks(snapshot)) {
    std::string line = Verb(deadlock) + ": ";
    for (size_t i = 0; i < deadlock.cycle.size(); ++i) {
      line += (i > 0 ? ", " : "") + Arrow(snapshot, deadlock.cycle[i]);
    }
    line += "; members" + Names(snapshot, deadlock.members);
    if (!deadlock.queued.empty()) line += "; queued" + Names(snapshot, deadlock.queued);
    lines.push_back(line);
  }
  return lines;
}

}  // namespace detect
