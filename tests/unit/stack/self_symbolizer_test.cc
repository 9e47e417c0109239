#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "libdetect/stack/symbolizer.h"

// Its name is also the mangled form of a type.
int a;

namespace detect {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

[[gnu::noinline]] uint64_t ReturnAddress() {
  return reinterpret_cast<uint64_t>(__builtin_return_address(0));
}

// Inlined into its caller, whose frame comes second.
[[gnu::always_inline]] inline uint64_t InlinedCall() { return ReturnAddress() + 0; }

TEST(SelfSymbolizer, TellsFunctionFileAndLine) {
  uint64_t pc = ReturnAddress();
  int line = __LINE__ - 1;

  std::vector<Frame> frames = MakeSelfSymbolizer()->Symbolize(pc);

  ASSERT_FALSE(frames.empty());
  EXPECT_THAT(frames[0].function, HasSubstr("TellsFunctionFileAndLine"));
  EXPECT_THAT(frames[0].file, EndsWith("self_symbolizer_test.cc"));
  EXPECT_EQ(frames[0].line, line);
  EXPECT_NE(frames[0].module, "");
}

TEST(SelfSymbolizer, TellsWhatWasInlined) {
  uint64_t pc = InlinedCall();

  std::vector<Frame> frames = MakeSelfSymbolizer()->Symbolize(pc);

  ASSERT_GE(frames.size(), 2u);
  EXPECT_THAT(frames[0].function, HasSubstr("InlinedCall"));
  EXPECT_TRUE(frames[0].inlined);
  EXPECT_FALSE(frames.back().inlined);
}

TEST(SelfSymbolizer, AnUnknownAddressIsOneBareFrame) {
  std::vector<Frame> frames = MakeSelfSymbolizer()->Symbolize(0x10);

  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].pc, 0x10u);
  EXPECT_EQ(frames[0].function, "");
}

TEST(SelfSymbolizer, NamesAVariableAndAPlaceInIt) {
  uint64_t address = reinterpret_cast<uint64_t>(&a);
  std::unique_ptr<Symbolizer> symbolizer = MakeSelfSymbolizer();

  EXPECT_EQ(symbolizer->NameOfData(address), "a");
  EXPECT_EQ(symbolizer->NameOfData(address + 2), "a+2");
  EXPECT_EQ(symbolizer->NameOfData(0x10), std::nullopt);
}

}  // namespace
}  // namespace detect
