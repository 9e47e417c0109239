#include "libdetect/report/visible_frames.h"

#include <gtest/gtest.h>

namespace detect {
namespace {

Frame InFile(const std::string& file, int line = 1) {
  Frame frame;
  frame.function = "f";
  frame.file = file;
  frame.line = line;
  return frame;
}

Frame InModule(const std::string& module, const std::string& function = "") {
  Frame frame;
  frame.function = function;
  frame.module = module;
  frame.module_offset = 0x1f4;
  return frame;
}

TEST(VisibleFrames, StandardLibraryHeadersAreHidden) {
  EXPECT_TRUE(IsHidden(InFile("/usr/include/c++/12/mutex")));
  EXPECT_TRUE(IsHidden(InFile("/usr/include/x86_64-linux-gnu/c++/12/bits/gthr-default.h")));
  EXPECT_TRUE(IsHidden(InFile("/usr/lib/llvm-14/include/c++/v1/__mutex_base")));

  EXPECT_FALSE(IsHidden(InFile("/home/ann/include/bank.h")));
  EXPECT_FALSE(IsHidden(InFile("/home/ann/c++/bank.cc")));
}

TEST(VisibleFrames, OurWrappersAreHiddenWhereverTheyAreBuilt) {
  EXPECT_TRUE(IsHidden(InFile("libdetect/sync/mutex.h")));
  EXPECT_TRUE(IsHidden(InFile("/build/libdetect/libdetect/recorder/events.cc")));
  EXPECT_TRUE(IsHidden(InFile("tools/preload/mutex.cc")));

  EXPECT_FALSE(IsHidden(InFile("/home/ann/libdetect/tests/scenarios/bug_ab_ba.cc")));
  EXPECT_FALSE(IsHidden(InFile("mylibdetect/sync/mutex.h")));
}

TEST(VisibleFrames, CLibraryAndShimModulesAreHidden) {
  EXPECT_TRUE(IsHidden(InModule("/lib/x86_64-linux-gnu/libc.so.6")));
  EXPECT_TRUE(IsHidden(InModule("/opt/detect/libdetect_preload.so")));
  EXPECT_TRUE(IsHidden(InModule("/usr/lib/libstdc++.so.6.0.30")));

  EXPECT_FALSE(IsHidden(InModule("/usr/lib/libcache.so")));
}

TEST(VisibleFrames, NamesDecideWhereThereIsNoSourceFile) {
  EXPECT_TRUE(IsHidden(InModule("prog", "std::mutex::lock()")));
  EXPECT_TRUE(IsHidden(InModule("prog", "void std::__invoke_impl<void, f>(f&&)")));
  EXPECT_TRUE(IsHidden(InModule("prog", "_start")));

  EXPECT_FALSE(IsHidden(InModule("prog", "std::vector<int> load<int>(char const*)")));
  EXPECT_FALSE(IsHidden(InModule("prog", "bank::std_transfer()")));
}

TEST(VisibleFrames, FirstVisibleIsTheInnermostOneOfTheUser) {
  const std::vector<Frame> stack = {InFile("/usr/include/c++/12/mutex"), InFile("bank.cc", 44),
                                    InFile("main.cc", 9)};

  EXPECT_EQ(FirstVisibleFrame(stack), &stack[1]);
}

TEST(VisibleFrames, FirstVisibleFallsBackToTheInnermost) {
  const std::vector<Frame> stack = {InModule("libc.so.6"), InModule("libstdc++.so.6")};

  EXPECT_EQ(FirstVisibleFrame(stack), &stack[0]);
  EXPECT_EQ(FirstVisibleFrame({}), nullptr);
}

TEST(VisibleFrames, ShortLocationUsesTheBestThatIsKnown) {
  EXPECT_EQ(ShortLocation(InFile("/src/bank.cc", 44)), "bank.cc:44");
  EXPECT_EQ(ShortLocation(InModule("/usr/lib/libbank.so", "bank::transfer(int)")),
            "bank::transfer");
  EXPECT_EQ(ShortLocation(InModule("/usr/lib/libbank.so")), "libbank.so+0x1f4");
  EXPECT_EQ(ShortLocation(Frame()), "");
}

TEST(VisibleFrames, QualifiedNameLeavesOutReturnTypeAndParameters) {
  EXPECT_EQ(QualifiedName("bank::transfer(int, bank::Account&)"), "bank::transfer");
  EXPECT_EQ(QualifiedName("void bank::run<int (*)(char)>(int (*)(char))"),
            "bank::run<int (*)(char)>");
  EXPECT_EQ(QualifiedName("main::{lambda(int)#1}::operator()(int) const"),
            "main::{lambda(int)#1}::operator");
  EXPECT_EQ(QualifiedName("bank::(anonymous namespace)::audit()"),
            "bank::(anonymous namespace)::audit");
  EXPECT_EQ(QualifiedName("main"), "main");
  EXPECT_EQ(QualifiedName(""), "");
}

TEST(VisibleFrames, QualifiedNameShowsWhatItCannotReadWhole) {
  EXPECT_EQ(QualifiedName("bool operator< <int>(A<int>, A<int>)"),
            "bool operator< <int>(A<int>, A<int>)");
  EXPECT_EQ(QualifiedName("f<("), "f<(");
}

}  // namespace
}  // namespace detect
