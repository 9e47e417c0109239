#include "libdetect/base/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace detect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string>& Warnings() {
  static std::vector<std::string> warnings;
  return warnings;
}

void Remember(std::string_view line) { Warnings().emplace_back(line); }

class OptionsTest : public ::testing::Test {
 protected:
  void SetUp() override { Warnings().clear(); }

  std::string WriteFile(const std::string& contents) {
    std::string path = ::testing::TempDir() + "/detect_options";
    std::ofstream(path) << contents;
    return path;
  }

  Options options_;
};

TEST_F(OptionsTest, AListSetsEachOptionOfTheTable) {
  SetOptions("on-deadlock=abort:fail-on=never:output=r.json:interval=20:enabled=0", "list",
             options_, Remember);

  EXPECT_THAT(Warnings(), IsEmpty());
  EXPECT_EQ(options_.on_deadlock, OnDeadlock::kAbort);
  EXPECT_EQ(options_.fail_on, FailOn::kNever);
  EXPECT_EQ(options_.output.text(), "r.json");
  EXPECT_EQ(options_.interval, Milliseconds(20));
  EXPECT_FALSE(options_.enabled);
}

TEST_F(OptionsTest, AListSetsEachOptionOfPerturbation) {
  SetOptions("perturb=windows:perturb-intensity=100:perturb-budget=0:seed=9223372036854775807",
             "list", options_, Remember);

  EXPECT_THAT(Warnings(), IsEmpty());
  EXPECT_EQ(options_.perturb, Perturb::kWindows);
  EXPECT_EQ(options_.perturb_intensity, Percent(100));
  EXPECT_EQ(options_.perturb_budget, Percent(0));
  EXPECT_EQ(options_.seed, Seed(9223372036854775807));
}

TEST_F(OptionsTest, EveryStrategyIsWrittenAsItIsRead) {
  for (int i = 0; i <= static_cast<int>(Perturb::kPairs); ++i) {
    const auto perturb = static_cast<Perturb>(i);
    SetOptions("perturb=" + std::string(NameOf(perturb)), "list", options_, Remember);
    EXPECT_EQ(options_.perturb, perturb);
  }
}

TEST_F(OptionsTest, TheLastOfTwoValuesCounts) {
  SetOptions("interval=20:interval=30", "list", options_, Remember);

  EXPECT_EQ(options_.interval, Milliseconds(30));
}

TEST_F(OptionsTest, AnUnknownNameIsWarnedAboutAndTheRestStillCounts) {
  SetOptions("intervall=20:enabled=0", "DETECT_OPTIONS", options_, Remember);

  EXPECT_THAT(Warnings(), ElementsAre("DETECT_OPTIONS: unknown option 'intervall'; did you mean "
                                      "'interval'?"));
  EXPECT_EQ(options_.interval, Milliseconds(100));
  EXPECT_FALSE(options_.enabled);
}

TEST_F(OptionsTest, ANameLikeNoOtherGetsNoSuggestion) {
  SetOptions("zzz=1", "list", options_, Remember);

  EXPECT_THAT(Warnings(), ElementsAre("list: unknown option 'zzz'"));
}

TEST_F(OptionsTest, ABadValueSaysWhatIsWantedAndChangesNothing) {
  for (const char* bad :
       {"interval=0", "interval=-1", "interval=3600001", "interval=1e3",
        "interval=99999999999999999999", "interval=", "interval", "enabled=maybe",
        "on-deadlock=kill", "fail-on=PROVEN", "output=", "perturb=on", "perturb-budget=101",
        "perturb-intensity=-1", "seed=9223372036854775808"}) {
    RawLine error;
    EXPECT_FALSE(SetOption(bad, options_, error)) << bad;
    EXPECT_THAT(error.c_str(), HasSubstr("wanted: ")) << bad;
  }

  EXPECT_EQ(options_.interval, Milliseconds(100));
  EXPECT_TRUE(options_.enabled);
  EXPECT_EQ(options_.on_deadlock, OnDeadlock::kDefault);
  EXPECT_TRUE(options_.output.empty());
}

TEST_F(OptionsTest, AQuotedValueMayHoldAColon) {
  SetOptions("output=\"/tmp/a:b.json\":region-dir='/x:y':interval=7", "list", options_, Remember);

  EXPECT_THAT(Warnings(), IsEmpty());
  EXPECT_EQ(options_.output.text(), "/tmp/a:b.json");
  EXPECT_EQ(options_.region_dir.text(), "/x:y");
  EXPECT_EQ(options_.interval, Milliseconds(7));
}

TEST_F(OptionsTest, AQuoteThatIsNotClosedIsWarnedAbout) {
  SetOptions("output=\"/tmp/a:interval=7", "list", options_, Remember);

  EXPECT_THAT(Warnings(), ElementsAre(HasSubstr("a quote is not closed")));
  EXPECT_TRUE(options_.output.empty());
}

TEST_F(OptionsTest, APathTooLongForItsPlaceIsRefused) {
  std::string longest(Path::kMaxBytes, 'a');

  SetOptions("output=" + longest, "list", options_, Remember);
  EXPECT_THAT(Warnings(), IsEmpty());
  SetOptions("output=b" + longest, "list", options_, Remember);

  EXPECT_EQ(Warnings().size(), 1u);
  EXPECT_EQ(options_.output.text(), longest);
}

TEST_F(OptionsTest, WarningsShowControlCharactersOfTheInputAsQuestionMarks) {
  SetOptions("\x1b[2Jx=1", "list", options_, Remember);

  EXPECT_THAT(Warnings(), ElementsAre("list: unknown option '?[2Jx'"));
}

TEST_F(OptionsTest, GarbageIsSurvived) {
  std::mt19937 random(1);
  const std::string letters = "=:\"'#\n\t ainterval0\xff\x01";
  for (int round = 0; round < 20000; ++round) {
    std::string list;
    for (size_t i = random() % 40; i > 0; --i) list += letters[random() % letters.size()];
    SetOptions(list, "garbage", options_, Remember);
  }

  EXPECT_FALSE(Warnings().empty());
  EXPECT_GE(options_.interval, Milliseconds(1));
}

TEST_F(OptionsTest, AFileHasOneOptionALineAndComments) {
  std::string path = WriteFile("# a comment\n\n  interval=5\r\noutput=\"a b\"\nfail-on=proven");

  SetOptionsFromFile(path.c_str(), options_, Remember);

  EXPECT_THAT(Warnings(), IsEmpty());
  EXPECT_EQ(options_.interval, Milliseconds(5));
  EXPECT_EQ(options_.output.text(), "a b");
  EXPECT_EQ(options_.fail_on, FailOn::kProven);
}

TEST_F(OptionsTest, AFileThatCannotBeReadIsWarnedAbout) {
  SetOptionsFromFile("/no/such/file", options_, Remember);

  EXPECT_THAT(Warnings(), ElementsAre("cannot read the options file /no/such/file: No such file or "
                                      "directory"));
}

TEST_F(OptionsTest, TheEnvironmentOverrulesTheFileThatItNames) {
  std::string path = WriteFile("interval=5\nfail-on=proven\n");
  setenv("DETECT_OPTIONS", ("interval=9:options-file=" + path).c_str(), 1);

  SetOptionsFromEnvironment(options_, Remember);
  unsetenv("DETECT_OPTIONS");

  EXPECT_THAT(Warnings(), IsEmpty());
  EXPECT_EQ(options_.interval, Milliseconds(9));
  EXPECT_EQ(options_.fail_on, FailOn::kProven);
}

TEST_F(OptionsTest, ProcessesOfDetectRunDoNotRepeatItsWarnings) {
  setenv("DETECT_OPTIONS", "intervall=9:interval=9:region-dir=\"/x\"", 1);

  SetOptionsFromEnvironment(options_, Remember);
  unsetenv("DETECT_OPTIONS");

  EXPECT_THAT(Warnings(), IsEmpty());
  EXPECT_EQ(options_.interval, Milliseconds(9));
}

TEST_F(OptionsTest, EachDefaultInTheHelpIsAValueTheOptionTakes) {
  for (const OptionHelp& row : OptionTable()) {
    RawLine value;
    row.format_default(value);
    RawLine error;
    bool set = SetOption(std::string(row.name) + "=" + value.c_str(), options_, error);
    EXPECT_EQ(set, !value.text().empty()) << row.name;
    EXPECT_STRNE(row.help, "");
  }
}

}  // namespace
}  // namespace detect
