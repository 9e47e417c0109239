#include "libdetect/report/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace detect {
namespace {

using testing::ElementsAre;

TEST(TextTable, ColumnsLineUpByCodePoints) {
  TextTable table(40);
  table.AddRow({"a", "über", "x"});
  table.AddRow({"long", "b", "y"});

  EXPECT_THAT(table.Lines("  "), ElementsAre("  a     über  x", "  long  b     y"));
}

TEST(TextTable, AColumnThatNoRowUsesTakesNoRoom) {
  TextTable table(40);
  table.AddRow({"a", "", "x"});
  table.AddRow({"b", "", ""});

  EXPECT_THAT(table.Lines(""), ElementsAre("a  x", "b"));
}

TEST(TextTable, WideCellsAreCut) {
  TextTable table(4);
  table.AddRow({"abcdef", "x"});

  EXPECT_THAT(table.Lines(""), ElementsAre("abc…  x"));
}

TEST(WrapText, BreaksAtSpacesAndIndentsTheRest) {
  EXPECT_THAT(WrapText("one two three", "Fix: ", 13), ElementsAre("Fix: one two", "     three"));
}

TEST(WrapText, AWordLongerThanTheLineStaysWhole) {
  EXPECT_THAT(WrapText("a abcdefghij b", "", 4), ElementsAre("a", "abcdefghij", "b"));
}

TEST(WrapText, NoBreakIsASpaceThatIsNotBrokenAt) {
  EXPECT_THAT(WrapText("since\x1f"
                       "5\x1fs",
                       "ab cd ", 9),
              ElementsAre("ab cd since 5 s"));
}

}  // namespace
}  // namespace detect
