#include "libdetect/stack/demangle.h"

#include <gtest/gtest.h>

namespace detect {
namespace {

TEST(Demangle, TellsTheNameOfACppSymbol) {
  EXPECT_EQ(Demangle("_ZN4bank8transferEi"), "bank::transfer(int)");
}

TEST(Demangle, LeavesAOneLetterVariableItsName) { EXPECT_EQ(Demangle("a"), "a"); }

TEST(Demangle, LeavesWhatIsNotMangledAsItIs) {
  EXPECT_EQ(Demangle("main"), "main");
  EXPECT_EQ(Demangle("_Znonsense"), "_Znonsense");
  EXPECT_EQ(Demangle(nullptr), "");
}

}  // namespace
}  // namespace detect
