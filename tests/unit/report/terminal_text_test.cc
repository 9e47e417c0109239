#include "libdetect/report/terminal_text.h"

#include <gtest/gtest.h>

namespace detect {
namespace {

TEST(TerminalText, ControlCharactersAreEscaped) {
  EXPECT_EQ(EscapeForTerminal("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(EscapeForTerminal("line\nline\ttab\r\x7f"), "line\\nline\\ttab\\x0d\\x7f");
  EXPECT_EQ(EscapeForTerminal(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(EscapeForTerminal("\u009b31m"), "\\x9b31m");
}

TEST(TerminalText, DirectionOverridesAreEscaped) {
  EXPECT_EQ(EscapeForTerminal("\u202egnp.exe"), "\\u202egnp.exe");
  EXPECT_EQ(EscapeForTerminal("\u2066x\u2028"), "\\u2066x\\u2028");
}

TEST(TerminalText, OrdinaryTextOfAnyScriptStays) {
  EXPECT_EQ(EscapeForTerminal("Überweisung → 銀行 🏦"), "Überweisung → 銀行 🏦");
}

TEST(TerminalText, BytesThatAreNoUtf8AreEscapedOneByOne) {
  EXPECT_EQ(EscapeForTerminal("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(EscapeForTerminal("\xc0\xaf"), "\\xc0\\xaf");                    // overlong '/'
  EXPECT_EQ(EscapeForTerminal("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(EscapeForTerminal("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // past U+10FFFF
  EXPECT_EQ(EscapeForTerminal("\xe2\x82"), "\\xe2\\x82");                    // cut short
}

TEST(TerminalText, WidthCountsCodePoints) {
  EXPECT_EQ(DisplayWidth(""), 0u);
  EXPECT_EQ(DisplayWidth("Über"), 4u);
}

TEST(TerminalText, EllipsizeCutsBetweenCodePoints) {
  EXPECT_EQ(Ellipsize("Überweisung", 4), "Übe…");
  EXPECT_EQ(Ellipsize("Über", 4), "Über");
  EXPECT_EQ(Ellipsize("ÜÜ", 1), "…");
}

}  // namespace
}  // namespace detect
