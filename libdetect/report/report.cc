#include "libdetect/report/report.h"

namespace detect {

const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kProven:
      return "proven";
    case Verdict::kSuspected:
      return "suspected";
    case Verdict::kPossible:
      return "possible";
    case Verdict::kTemporary:
      return "temporary";
  }
  return "unknown";
}

bool IsProvenDeadlock(const Finding& finding) {
  return finding.verdict == Verdict::kProven && !finding.cycle.empty();
}

}  // namespace detect
