#include "libdetect/harness/litmus_gtest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <string>

namespace detect::litmus {
namespace {

using ::testing::HasSubstr;

Result Counted(Grade grade) {
  return {.name = "a/b",
          .rows = {{.outcome = {1}, .samples = 5, .grade = grade}},
          .samples = 5,
          .overlap = 1};
}

TEST(LitmusPasses, IsTrueOfWhatPassed) { EXPECT_TRUE(Passes(Counted(Grade::kInteresting))); }

TEST(LitmusPasses, FailsWithTheTable) {
  const testing::AssertionResult result = Passes(Counted(Grade::kForbidden));

  EXPECT_FALSE(result);
  EXPECT_THAT(result.message(), HasSubstr("FAILED: came out as 1"));
  EXPECT_THAT(result.message(), HasSubstr("100.00 %"));
}

TEST(LitmusPasses, LeavesAPageAmongTheOutputsOfTheTest) {
  const std::string directory = testing::TempDir();
  ASSERT_EQ(setenv("TEST_UNDECLARED_OUTPUTS_DIR", directory.c_str(), 1), 0);

  EXPECT_TRUE(Passes(Counted(Grade::kAcceptable)));

  std::stringstream page;
  page << std::ifstream(directory + "/litmus_a_b.html").rdbuf();
  EXPECT_THAT(page.str(), HasSubstr("<td>100.00 %</td>"));
}

}  // namespace
}  // namespace detect::litmus
