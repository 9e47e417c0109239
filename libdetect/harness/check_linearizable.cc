#include "libdetect/harness/check_linearizable.h"

namespace detect::linearizability {

std::string Tell(const FailureText& failure) {
  std::string text = "NOT linearizable: the smallest scenario found failed in " +
                     std::to_string(failure.failures) + " of " + std::to_string(failure.runs) +
                     " runs (seed " + std::to_string(failure.seed) + ")\n\n" +
                     ToColumns(failure.picture) + "\n";
  if (failure.culprit.empty()) return text;
  text += failure.culprit + " cannot be explained";
  const char* separator = "; in some order of the calls it could have returned: ";
  for (const std::string& output : failure.could_return) {
    if (output.empty()) continue;
    text += separator + output;
    separator = " or ";
  }
  return text + "\n";
}

std::string Refuse(const CheckLinearizableOptions& options) {
  if (options.shape.threads < 2) return "threads must be 2 or more\n";
  if (options.shape.calls_per_thread == 0) return "calls_per_thread must be 1 or more\n";
  if (options.scenarios == 0 || options.runs == 0) {
    return "scenarios and runs must be 1 or more\n";
  }
  if (options.time.count() <= 0 || options.timeout.count() <= 0) {
    return "time and timeout must be more than 0\n";
  }
  return "";
}

}  // namespace detect::linearizability
