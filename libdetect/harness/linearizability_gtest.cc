#include "libdetect/harness/linearizability_gtest.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

namespace detect {
namespace {

// Returns the path; empty where it could not be written.
std::string WritePicture(const std::string& svg) {
  const char* outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  const std::string directory = outputs != nullptr ? outputs : ::testing::TempDir();
  std::string name = "linearizability";
  if (const auto* test = ::testing::UnitTest::GetInstance()->current_test_info()) {
    name = std::string(test->test_suite_name()) + "." + test->name();
  }
  // Parameters are named with slashes.
  std::replace(name.begin(), name.end(), '/', '_');
  const std::string path = directory + "/" + name + ".svg";
  std::ofstream out(path);
  out << svg;
  out.close();
  return out ? path : "";
}

}  // namespace

::testing::AssertionResult IsLinearizable(const CheckLinearizableResult& result) {
  if (result) return ::testing::AssertionSuccess() << result.message;
  auto failure = ::testing::AssertionFailure() << result.message;
  if (result.svg.empty()) return failure;
  const std::string path = WritePicture(result.svg);
  if (!path.empty()) failure << "Picture: " << path << "\n";
  return failure;
}

}  // namespace detect
