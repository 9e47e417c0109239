#include "tools/detect/run_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace detect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ParseRunArgumentsTest : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("DETECT_OPTIONS"); }

  bool Parse(const std::vector<std::string>& words) {
    result_ = {};
    error_.clear();
    return ParseRunArguments(words, &result_, &error_);
  }

  RunArguments result_;
  std::string error_;
};

TEST_F(ParseRunArgumentsTest, TakesWhatFollowsTheOptionsAsTheProgram) {
  ASSERT_TRUE(Parse({"--interval=5", "ls", "--interval=6", "-o"})) << error_;

  EXPECT_EQ(result_.options.interval, Milliseconds(5));
  EXPECT_THAT(result_.program, ElementsAre("ls", "--interval=6", "-o"));
}

TEST_F(ParseRunArgumentsTest, TakesEverythingBehindTheDashesAsTheProgram) {
  ASSERT_TRUE(Parse({"-o", "r.json", "--", "--odd-name", "--", "x"})) << error_;

  EXPECT_EQ(result_.options.output.text(), "r.json");
  EXPECT_THAT(result_.program, ElementsAre("--odd-name", "--", "x"));
}

TEST_F(ParseRunArgumentsTest, FlagsCountMoreThanTheFileAndTheFileMoreThanTheEnvironment) {
  std::string path = ::testing::TempDir() + "/run_arguments_test_options";
  std::ofstream(path) << "interval=20\nfail-on=proven\n";
  setenv("DETECT_OPTIONS", "interval=10:fail-on=never:enabled=0", 1);

  ASSERT_TRUE(Parse({"--interval=30", "--options-file=" + path, "ls"})) << error_;
  unsetenv("DETECT_OPTIONS");

  EXPECT_EQ(result_.options.interval, Milliseconds(30));
  EXPECT_EQ(result_.options.fail_on, FailOn::kProven);
  EXPECT_FALSE(result_.options.enabled);
}

TEST_F(ParseRunArgumentsTest, NamesTheMistake) {
  EXPECT_FALSE(Parse({}));
  EXPECT_THAT(error_, HasSubstr("no program"));
  EXPECT_FALSE(Parse({"-q", "ls"}));
  EXPECT_THAT(error_, HasSubstr("'-q'"));
  EXPECT_FALSE(Parse({"--fial-on=never", "ls"}));
  EXPECT_THAT(error_, HasSubstr("did you mean 'fail-on'"));
}

TEST_F(ParseRunArgumentsTest, HelpNeedsNothingElse) {
  EXPECT_TRUE(Parse({"--help"}));
  EXPECT_TRUE(result_.wants_help);
}

}  // namespace
}  // namespace detect
