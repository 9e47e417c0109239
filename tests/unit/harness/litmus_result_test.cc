#include "libdetect/harness/litmus_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace detect::litmus {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

Result StoreBuffering() {
  return {.name = "store buffering",
          .rows = {{.outcome = {0, 1},
                    .samples = 1'234'567,
                    .grade = Grade::kAcceptable,
                    .description = "the first came first"},
                   {.outcome = {0, 0},
                    .samples = 3,
                    .grade = Grade::kInteresting,
                    .description = "both stores were late"},
                   {.outcome = {1, 1}, .samples = 0, .grade = Grade::kForbidden}},
          .samples = 1'234'570,
          .elapsed = 1500ms,
          .overlap = 0.75};
}

TEST(LitmusResult, TextHasTheVerdictTheEffortAndATable) {
  EXPECT_EQ(ToText(StoreBuffering()),
            "store buffering: passed\n"
            "  1,234,570 samples in 1.50 s, actors overlapped in 75 % of the batches\n"
            "  outcome  samples    frequency  grade        description\n"
            "  0, 1     1,234,567  100.00 %   acceptable   the first came first\n"
            "  0, 0     3          < 0.01 %   interesting  both stores were late\n"
            "  1, 1     0          0.00 %     forbidden\n");
}

TEST(LitmusResult, ForbiddenOutcomeFailsOnceItIsSeen) {
  Result result = StoreBuffering();
  EXPECT_TRUE(result.Passed());

  result.rows[2].samples = 1;

  EXPECT_FALSE(result.Passed());
  EXPECT_THAT(ToText(result), HasSubstr("FAILED: came out as 1, 1"));
}

TEST(LitmusResult, ActorsThatNeverOverlappedProveNothing) {
  Result result = StoreBuffering();

  result.overlap = 0;

  EXPECT_FALSE(result.Passed());
  EXPECT_THAT(ToText(result), HasSubstr("FAILED: the actors never ran at the same time"));
}

TEST(LitmusResult, JunitTellsFailuresFromErrors) {
  Result failed = StoreBuffering();
  failed.rows[2].samples = 1;
  const Result refused{.name = "none", .error = "no actors"};

  const std::string xml = ToJunit(std::vector{StoreBuffering(), failed, refused});

  EXPECT_THAT(xml,
              HasSubstr("<testsuite name=\"litmus\" tests=\"3\" failures=\"1\" errors=\"1\">"));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"FAILED: came out as 1, 1\">"));
  EXPECT_THAT(xml, HasSubstr("<error message=\"ERROR: no actors\">"));
  EXPECT_THAT(xml, HasSubstr("<system-out>store buffering: passed\n"));
}

TEST(LitmusResult, ViewsEscapeWhatTheTestIsCalled) {
  Result result = StoreBuffering();
  result.name = "a<b> & \"c\" \x1b[2J \xff \xef\xbf\xbf";
  result.rows[0].description = "</table><script>";
  result.error = "threw: <&>\n";

  const std::string views = ToHtml(std::span(&result, 1)) + ToJunit(std::span(&result, 1));

  EXPECT_THAT(views, HasSubstr("a&lt;b&gt; &amp; &quot;c&quot; \\x1b[2J \\xff \\uffff"));
  EXPECT_THAT(views, HasSubstr("&lt;/table&gt;&lt;script&gt;"));
  EXPECT_THAT(views, HasSubstr("threw: &lt;&amp;&gt;\\n"));
  EXPECT_THAT(views, Not(HasSubstr("<script>")));
  EXPECT_THAT(views, Not(HasSubstr("\x1b")));
}

TEST(LitmusResult, HtmlHasARowForEachOutcomeAndColoursWhatCame) {
  const Result result = StoreBuffering();

  const std::string html = ToHtml(std::span(&result, 1));

  EXPECT_THAT(html, HasSubstr("<tr class=\"interesting\"><td>0, 0</td><td>3</td>"));
  EXPECT_THAT(html, HasSubstr("<tr class=\"\"><td>1, 1</td><td>0</td>"));
}

}  // namespace
}  // namespace detect::litmus
