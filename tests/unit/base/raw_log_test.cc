#include "libdetect/base/raw_log.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string>

namespace detect {
namespace {

TEST(RawLine, PutsTextAndNumbersTogether) {
  RawLine line;

  line << "a" << int64_t{-7} << " " << INT64_MIN;

  EXPECT_STREQ(line.c_str(), "a-7 -9223372036854775808");
}

TEST(RawLine, CutsWhatDoesNotFit) {
  RawLine line;

  for (int i = 0; i < 100; ++i) line << "0123456789";

  EXPECT_EQ(line.text().size(), 512u);
  EXPECT_EQ(std::string(line.c_str()), line.text());
}

TEST(RawLine, ShowsTheBeginningOfAQuotedTextWithoutItsControlCharacters) {
  RawLine line;

  line << Quoted("\r\x1b\x7f" + std::string(100, 'x'));

  EXPECT_EQ(line.text(), "???" + std::string(61, 'x') + "...");
}

TEST(RawLog, WritesOneLineAndKeepsErrno) {
  ::testing::internal::CaptureStderr();
  errno = ERANGE;

  RawLog(RawLine() << "hello");

  EXPECT_EQ(errno, ERANGE);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "detect: hello\n");
}

TEST(RawLog, EndsALineThatIsTooLongWithItsNewline) {
  ::testing::internal::CaptureStderr();

  RawLog(std::string(10000, 'x'));

  std::string written = ::testing::internal::GetCapturedStderr();
  EXPECT_LE(written.size(), 512u);
  EXPECT_EQ(written.back(), '\n');
}

}  // namespace
}  // namespace detect
