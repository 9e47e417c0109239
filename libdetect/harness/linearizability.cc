#include "libdetect/harness/linearizability.h"

#include <string>

namespace detect::linearizability {

std::string TellLimit(SearchEnd end, const CheckLimits& limits, size_t explained, size_t returns) {
  const std::string limit =
      end == SearchEnd::kOutOfTime
          ? "the time budget of " + std::to_string(limits.time.count()) + " ms"
          : "the limit of " + std::to_string(limits.bytes) + " bytes";
  return limit + " was reached; the first " + std::to_string(explained) + " of " +
         std::to_string(returns) + " returns are explained";
}

std::chrono::steady_clock::time_point ExplainDeadline(std::chrono::steady_clock::time_point start) {
  const auto now = std::chrono::steady_clock::now();
  return now + (now - start) + std::chrono::milliseconds(100);
}

std::string TellException(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "something that is not a std::exception";
  }
}

}  // namespace detect::linearizability
