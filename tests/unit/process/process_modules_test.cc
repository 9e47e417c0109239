#include "tools/process/process_modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace detect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ParseModules, JoinsTheMappingsOfAFileAndTheAnonymousMemoryBehindThem) {
  std::vector<Module> modules = ParseModules(
      "00400000-00401000 r--p 00000000 fd:01 11    /opt/my prog\n"
      "00401000-00402000 r-xp 00001000 fd:01 11    /opt/my prog\n"
      "00402000-00500000 rw-p 00000000 00:00 0 \n"
      "00500000-00600000 rw-p 00000000 00:00 0     [heap]\n"
      "7f0000000000-7f0000001000 r-xp 00000000 fd:01 12 /lib/liba.so (deleted)\n"
      "7f0000002000-7f0000003000 rw-p 00000000 00:00 0 \n");

  EXPECT_THAT(modules, ElementsAre(Module{0x400000, 0x500000, 0x401000, "/opt/my prog", false},
                                   Module{0x7f0000000000, 0x7f0000001000, 0x7f0000001000,
                                          "/lib/liba.so", true}));
}

TEST(ParseModules, SkipsLinesThatMakeNoSense) {
  EXPECT_THAT(ParseModules(""), IsEmpty());
  EXPECT_THAT(ParseModules("\n\nx\n-\n1-\nzz-1 r--p 0 0 0 /a\n2-1 r--p 0 0 0 /a\n1-2"), IsEmpty());
}

TEST(ReadMaps, ShowsThisProcessAndNothingOfOneThatDoesNotExist) {
  EXPECT_THAT(ReadMaps(getpid()), ::testing::HasSubstr("[stack]"));
  EXPECT_EQ(ReadMaps(-1), "");
}

TEST(OpenModuleFile, OpensNothingButRegularFiles) {
  EXPECT_EQ(OpenModuleFile(getpid(), {0, 1, 1, "/dev/zero", false}), -1);
  EXPECT_EQ(OpenModuleFile(getpid(), {0, 1, 1, "/", false}), -1);
  EXPECT_EQ(OpenModuleFile(getpid(), {0, 1, 1, "/no/such/file", true}), -1);
}

}  // namespace
}  // namespace detect
