#include "libdetect/harness/history_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace detect {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Thread 1's second call has not returned.
HistoryPicture LostUpdate() {
  return {{"thread 0", "thread 1"},
          {{0, "add(1)", "0", {10, 30}, false},
           {1, "add(1)", "0", {20, 40}, true},
           {0, "get()", "1", {50, 60}, false},
           {1, "put(\"<&\")", "", {70, CallTime::kNever}, false}}};
}

TEST(HistoryPicture, HasAColumnPerThreadAndALinePerEvent) {
  EXPECT_EQ(ToColumns(LostUpdate()),
            "  thread 0    thread 1\n"
            "  add(1) ...\n"
            "  :           add(1) ...\n"
            "  : = 0       :\n"
            "              : = 0          <- no order of the calls explains this\n"
            "  get() = 1\n"
            "              put(\"<&\") ...\n");
}

TEST(HistoryPicture, ShowsOfASuspectThatNothingOverlapsThatItIsOne) {
  EXPECT_EQ(ToColumns({{"thread 0"}, {{0, "get()", "1", {1, 2}, true}}}),
            "  thread 0\n"
            "  get() = 1  <- no order of the calls explains this\n");
}

TEST(HistoryPicture, DrawsABarPerCallAndEscapesItsText) {
  const std::string svg = ToSvg(LostUpdate());

  EXPECT_THAT(svg, HasSubstr("<svg xmlns="));
  EXPECT_THAT(svg, HasSubstr(">add(1) = 0</text>"));
  EXPECT_THAT(svg, HasSubstr("put(\"&lt;&amp;\")"));
  EXPECT_THAT(svg, Not(HasSubstr("<&")));
}

}  // namespace
}  // namespace detect
