#include "libdetect/harness/test_framework.h"

#include "libdetect/base/raw_log.h"

namespace detect {
namespace {

constinit TestFramework g_framework;

}  // namespace

void SetTestFramework(const TestFramework& framework) { g_framework = framework; }

std::unique_ptr<AssertionScope> CatchAssertions() {
  return g_framework.catch_assertions == nullptr ? nullptr : g_framework.catch_assertions();
}

void TellExit(const std::string& what) {
  if (g_framework.on_exit == nullptr) return RawLog(what);
  g_framework.on_exit(what);
}

}  // namespace detect
