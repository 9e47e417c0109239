#include "libdetect/recorder/call_site.h"

#include <alloca.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "libdetect/recorder/recorder.h"
#include "libdetect/stack/capture.h"
#include "tests/unit/recorder/recording.h"

namespace detect::recorder {
namespace {

using ::testing::ElementsAreArray;
using ::testing::SizeIs;

// A wrapper around a lock, as every code base has one: its own call is always at the same address.
[[gnu::noinline]] uint32_t SiteThroughWrapper() { return SiteOf(DETECT_CALLER()); }

// Not the same code, or the compiler makes one function of them.
[[gnu::noinline]] uint32_t FirstUser() { return SiteThroughWrapper() ^ 0x100000; }
[[gnu::noinline]] uint32_t SecondUser() { return SiteThroughWrapper() ^ 0x200000; }

// Calls `user` from far away: the caller's own frames are no part of the call site.
[[gnu::noinline]] uint32_t SiteOfUser(uint32_t (*user)()) {
  volatile char room[1024];
  room[0] = 0;
  return user() + static_cast<uint32_t>(room[0]);
}

[[gnu::noinline]] std::vector<uint64_t> StackHere() {
  uint64_t frames[kMaxWaitFrames];
  uint32_t count = CallStackOf(DETECT_CALLER(), frames, kMaxWaitFrames);
  return {frames, frames + count};
}

// What the unwinder itself says of the same place.
[[gnu::noinline]] std::vector<uint64_t> UnwoundHere() {
  Caller caller = DETECT_CALLER();
  UnwoundFrame frames[64];
  uint32_t count = UnwindHere(frames, 64);
  std::vector<uint64_t> pcs;
  for (uint32_t i = 0; i < count; ++i) {
    if (frames[i].sp >= caller.sp) pcs.push_back(frames[i].pc);
  }
  return pcs;
}

// Both stacks from one line; they differ in the innermost return address alone.
[[gnu::noinline]] void ExpectSameStack() {
  std::vector<uint64_t> walked = StackHere();
  std::vector<uint64_t> unwound = UnwoundHere();
  ASSERT_THAT(walked, SizeIs(std::min<size_t>(unwound.size(), kMaxWaitFrames)));
  unwound.resize(walked.size());
  walked[0] = unwound[0];
  EXPECT_THAT(walked, ElementsAreArray(unwound));
}

[[gnu::noinline]] void ExpectSameStackAbove(size_t bytes) {
  volatile char* room = static_cast<char*>(alloca(bytes));
  room[0] = 1;
  ExpectSameStack();
  room[bytes - 1] = 1;
}

[[gnu::noinline]] void ExpectSameStackAtDepth(int depth) {
  if (depth == 0) {
    ExpectSameStack();
  } else {
    ExpectSameStackAtDepth(depth - 1);
  }
  asm volatile("");  // no tail call
}

class CallSite : public Recording {};

TEST_F(CallSite, IsTheSameForTheSameCallStackAndAnotherForAnother) {
  std::vector<uint32_t (*)()> users = {FirstUser, SecondUser, FirstUser, SecondUser};
  std::vector<uint32_t> sites;
  for (auto user : users) sites.push_back(SiteOfUser(user));

  EXPECT_NE(sites[0], 0x100000u);
  EXPECT_NE(sites[0] ^ 0x100000, sites[1] ^ 0x200000);
  EXPECT_EQ(sites[0], sites[2]);
  EXPECT_EQ(sites[1], sites[3]);
}

TEST_F(CallSite, TellsTwoLinesOfOneFunctionApart) {
  uint32_t first = SiteThroughWrapper();
  uint32_t second = SiteThroughWrapper();

  EXPECT_NE(first, second);
}

TEST_F(CallSite, StackIsWhatTheUnwinderSays) {
  for (int i = 0; i < 3; ++i) ExpectSameStack();
}

TEST_F(CallSite, StackIsRightAtEveryDepth) {
  for (int depth : {0, 1, 7, 20, 40, 3}) ExpectSameStackAtDepth(depth);
}

TEST_F(CallSite, StackIsRightWhereAFrameHasNoConstantSize) {
  // The frame's size is learned from the first, and not trusted any more after the second.
  for (size_t bytes : {64, 256, 1024, 64}) ExpectSameStackAbove(bytes);
}

TEST_F(CallSite, WithoutRecordingIsNotKnown) {
  ScopedBusy busy;

  EXPECT_EQ(CurrentThread(), nullptr);
}

TEST_F(CallSite, OnAForeignStackIsTheInnermostFrameAlone) {
  // As on a coroutine's stack: its size is not known, so nothing above the call is read.
  uint64_t pc = StackHere()[0];
  uint64_t frames[kMaxWaitFrames];
  std::vector<uint64_t> foreign(64);

  uint32_t count =
      CallStackOf({pc, reinterpret_cast<uint64_t>(foreign.data())}, frames, kMaxWaitFrames);

  EXPECT_EQ(count, 1u);
}

}  // namespace
}  // namespace detect::recorder
