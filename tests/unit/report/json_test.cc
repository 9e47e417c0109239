#include "libdetect/report/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/report/scenes.h"

namespace detect {
namespace {

using testing::HasSubstr;
using testing::Not;

// Replaces the first `from` in the JSON of TwoCycle() and returns what the reader says.
std::string ErrorAfter(const std::string& from, const std::string& to) {
  std::string text = ToJson(TwoCycle());
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  text.replace(at, from.size(), to);
  const ParsedReport parsed = FromJson(text);
  EXPECT_FALSE(parsed.report) << "accepted " << to;
  return parsed.error;
}

TEST(Json, EveryFieldSurvivesARoundTrip) {
  for (const Scene& scene : GoldenScenes()) {
    const Report report = scene.make();

    const ParsedReport parsed = FromJson(ToJson(report));

    ASSERT_TRUE(parsed.report) << scene.name << ": " << parsed.error;
    EXPECT_EQ(*parsed.report, report) << scene.name;
  }
}

TEST(Json, AnEmptyReportSurvivesARoundTrip) {
  const ParsedReport parsed = FromJson(ToJson(Report()));

  ASSERT_TRUE(parsed.report) << parsed.error;
  EXPECT_EQ(*parsed.report, Report());
}

TEST(Json, LargeNumbersAndAddressesSurvive) {
  Report report = TwoCycle();
  report.resources[0].address = UINT64_MAX;
  report.threads[0].tid = INT32_MIN;
  report.losses["call_sites"] = UINT64_MAX;

  const ParsedReport parsed = FromJson(ToJson(report));

  ASSERT_TRUE(parsed.report) << parsed.error;
  EXPECT_EQ(*parsed.report, report);
}

TEST(Json, NamesThatAreNoUtf8AreMadeValid) {
  Report report = TwoCycle();
  report.threads[0].name = "a\xff\"\\\n\x01";

  const ParsedReport parsed = FromJson(ToJson(report));

  ASSERT_TRUE(parsed.report) << parsed.error;
  EXPECT_EQ(parsed.report->threads[0].name, "a\ufffd\"\\\n\x01");
}

TEST(Json, ANewerVersionIsRefusedByNumber) {
  EXPECT_EQ(ErrorAfter("\"version\": 1", "\"version\": 2"),
            "report is of version 2; this detect reads up to 1");
}

TEST(Json, AVersionThatIsNoneIsRefused) {
  for (const char* version : {"0", "-1", "1.0", "\"1\"", "null", "1e400", "[]"})
    EXPECT_THAT(ErrorAfter("\"version\": 1", std::string("\"version\": ") + version),
                HasSubstr("not a report"));
}

TEST(Json, AnotherFormatIsRefused) {
  EXPECT_EQ(ErrorAfter("detect-report", "sarif"),
            "not a report: \"format\" is not \"detect-report\"");
  EXPECT_EQ(FromJson("[1]").error, "not a report: expected a JSON object");
}

TEST(Json, TextThatIsNoJsonIsRefusedWithItsPlace) {
  EXPECT_EQ(FromJson("").error, "not a report: not valid JSON at byte 1");
  EXPECT_EQ(FromJson("{\"format\" 1}").error, "not a report: not valid JSON at byte 11");
  EXPECT_EQ(FromJson("{\"format\": NaN}").error, "not a report: not valid JSON at byte 12");
}

TEST(Json, AWrongTypeIsRefusedWithItsPath) {
  EXPECT_EQ(ErrorAfter("\"tid\": 1001", "\"tid\": \"1001\""),
            "not a report: threads[0].tid: expected an integer");
  EXPECT_EQ(ErrorAfter("\"tid\": 1001", "\"tid\": 4294967296"),
            "not a report: threads[0].tid: expected a number within its range");
  EXPECT_EQ(ErrorAfter("\"verdict\": \"proven\"", "\"verdict\": \"sure\""),
            "not a report: findings[0].verdict: expected a verdict");
  EXPECT_EQ(ErrorAfter("\"address\": \"0x5000\"", "\"address\": \"0x5000g\""),
            "not a report: resources[0].address: expected a string such as \"0x7f10\"");
}

TEST(Json, AMissingFieldIsRefusedWithItsPath) {
  EXPECT_EQ(ErrorAfter("\"rule\"", "\"rool\""), "not a report: findings[0].rule: missing");
}

TEST(Json, AnIdThatTheReportDoesNotHaveIsRefused) {
  EXPECT_EQ(ErrorAfter("\"blocker\": 2", "\"blocker\": 77"),
            "not a report: findings: no thread has the id 77");
  EXPECT_EQ(ErrorAfter("\"waits_for\": 2", "\"waits_for\": 77"),
            "not a report: findings: no resource has the id 77");
}

TEST(Json, FieldsThatAreNotKnownArePassedOver) {
  std::string text = ToJson(TwoCycle());
  text.insert(1, "\"future\": {\"deep\": [1, 2, {}]},");

  const ParsedReport parsed = FromJson(text);

  ASSERT_TRUE(parsed.report) << parsed.error;
  EXPECT_EQ(*parsed.report, TwoCycle());
}

TEST(Json, NestingOfAnyDepthIsSurvived) {
  constexpr size_t kDepth = 1'000'000;
  const std::string open(kDepth, '[');
  const std::string deep = open + std::string(kDepth, ']');

  EXPECT_THAT(FromJson(open).error, HasSubstr("not valid JSON"));
  EXPECT_THAT(
      FromJson("{\"format\":\"detect-report\",\"version\":1,\"program\":" + deep + "}").error,
      HasSubstr("program: expected an object"));
}

// What a reader is given may be damaged in any way. It either refuses in one line or returns a
// report that is written and read again as itself.
TEST(Json, NoMutationOfAReportThrowsOrBreaksTheRoundTrip) {
  constexpr int kRuns = 2000;
  const std::string original =
      ToJson(ThreeCycleWithQueue()).substr(0, 6000) + ToJson(ThreeCycleWithQueue()).substr(6000);
  const std::vector<std::string> swaps = {"null", "[]",          "{}",   "-1",
                                          "1e99", "\"\\ud800\"", "true", "18446744073709551616",
                                          "\"\"", "[[",          "\xff"};
  int accepted = 0;
  for (int seed = 0; seed < kRuns; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(static_cast<unsigned>(seed));
    const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
    std::string text = original;
    switch (seed % 4) {
      case 0:
        text.resize(below(text.size()));
        break;
      case 1:
        text[below(text.size())] ^= static_cast<char>(1 << below(8));
        break;
      case 2: {  // a value for another
        const size_t at = text.find(": ", below(text.size() - 40));
        if (at != text.npos)
          text.replace(at + 2, text.find_first_of(",\n", at) - at - 2, swaps[below(swaps.size())]);
        break;
      }
      case 3: {  // a piece moved elsewhere
        const std::string piece = text.substr(below(text.size()), below(60));
        text.insert(below(text.size()), piece);
        break;
      }
    }

    const ParsedReport parsed = FromJson(text);

    if (!parsed.report) {
      EXPECT_THAT(parsed.error, HasSubstr("report"));
      EXPECT_THAT(parsed.error, Not(HasSubstr("\n")));
      continue;
    }
    ++accepted;
    const std::string written = ToJson(*parsed.report);
    const ParsedReport again = FromJson(written);
    ASSERT_TRUE(again.report) << again.error;
    EXPECT_EQ(ToJson(*again.report), written);
  }
  EXPECT_GT(accepted, kRuns / 50) << "the mutations are too coarse to reach past the parser";
}

}  // namespace
}  // namespace detect
