#include "libdetect/harness/litmus_gtest.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "libdetect/report/write_file.h"

namespace detect::litmus {
namespace {

void WritePage(const Result& result) {
  const char* directory = getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (directory == nullptr) return;
  std::string name = result.name;
  for (char& c : name) {
    if (isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  const std::string path = std::string(directory) + "/litmus_" + name + ".html";
  const std::string error = WriteReportFile(path, ToHtml(std::span(&result, 1)));
  if (!error.empty()) fprintf(stderr, "litmus: %s\n", error.c_str());
}

}  // namespace

testing::AssertionResult Passes(const Result& result) {
  WritePage(result);
  const std::string text = ToText(result);
  if (!result.Passed()) return testing::AssertionFailure() << text;
  printf("%s", text.c_str());
  return testing::AssertionSuccess();
}

}  // namespace detect::litmus
