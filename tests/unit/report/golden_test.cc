// Compares what is written with what was reviewed. To review a change:
//   DETECT_UPDATE_GOLDEN=tests/unit/report/testdata bazel-bin/tests/unit/report/golden_test
// and look at `git diff`.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "libdetect/report/json.h"
#include "libdetect/report/text_view.h"
#include "tests/unit/report/scenes.h"

namespace detect {
namespace {

void ExpectGolden(const std::string& file, const std::string& actual) {
  if (const char* directory = std::getenv("DETECT_UPDATE_GOLDEN")) {
    std::ofstream(std::string(directory) + "/" + file) << actual;
    return;
  }
  std::ifstream stream("tests/unit/report/testdata/" + file);
  ASSERT_TRUE(stream) << file;
  std::stringstream expected;
  expected << stream.rdbuf();
  EXPECT_EQ(actual, expected.str()) << file;
}

class Golden : public testing::TestWithParam<Scene> {};

TEST_P(Golden, JsonIsAsReviewed) {
  ExpectGolden(std::string(GetParam().name) + ".json", ToJson(GetParam().make()));
}

TEST_P(Golden, FirstScreenIsAsReviewed) {
  TextOptions options;
  options.report_path = "report.json";

  ExpectGolden(std::string(GetParam().name) + ".txt", RenderText(GetParam().make(), options));
}

TEST_P(Golden, VerboseTextIsAsReviewed) {
  TextOptions options;
  options.verbose = true;

  ExpectGolden(std::string(GetParam().name) + ".verbose.txt",
               RenderText(GetParam().make(), options));
}

INSTANTIATE_TEST_SUITE_P(Scenes, Golden, testing::ValuesIn(GoldenScenes()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace detect
