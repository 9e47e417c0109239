// The contention harness for GoogleTest: is this code thread-safe?
//
//   TEST(List, KeepsItsSizeWhereThreadsAppendAndRemove) {
//     LockedList list;
//     EXPECT_CONTENDED([&](detect::Contender& self) {          // 20 threads, for 1 second
//       list.Append(self.index());
//       list.Remove(self.index());
//     });
//     EXPECT_EQ(list.size(), 0);
//   }
//
// Linking this is enough for more: whatever the detector finds while a test runs fails that test,
// and a test that hangs is told with who waits for whom (finding_listener.h).
//
// Assertions work in the operation, as exceptions do: the test fails with the thread, the round and
// the seed; a fatal one ends the round.
//
// Context: tool. Threads: the test's.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "libdetect/harness/contended.h"
#include "libdetect/harness/operations.h"

namespace detect {

// Runs the operation as RunContended does, and fails the test with whatever fails.
// The first is an expectation; the second an assertion, so the caller has to look at ok(), or at
// HasFatalFailure(), to return. Both print one line of figures.
ContendedResult ExpectContended(const char* file, int line, ContendedOperation operation,
                                ContendedOptions options = {});
ContendedResult AssertContended(ContendedOperation operation, ContendedOptions options = {},
                                const char* file = __builtin_FILE(), int line = __builtin_LINE());

#define EXPECT_CONTENDED(...) ::detect::ExpectContended(__FILE__, __LINE__, __VA_ARGS__)

// Returns from the test where the run fails. Only for functions that return nothing.
#define ASSERT_CONTENDED(...)                        \
  if (::detect::AssertContended(__VA_ARGS__).ok()) { \
  } else                                             \
    return

// Runs the statement and expects the detector to find that: DETECT_EXPECT_FINDING("deadlock", {…}).
// Such findings do not fail the test. Blocks: until there is one, for 10 seconds at most.
void ExpectFinding(const char* file, int line, const std::string& rule,
                   const std::function<void()>& statement);
#define DETECT_EXPECT_FINDING(rule, ...) \
  ::detect::ExpectFinding(__FILE__, __LINE__, rule, [&] { __VA_ARGS__ })

// A fixture whose state is set up, checked and torn down around each round.
//
//   class ListTest : public detect::ThreadSafetyTest {
//     void SetUpRound() override { list.clear(); }
//     void CheckInvariants() override { EXPECT_EQ(list.size(), 0); }
//     …
//   TEST_F(ListTest, AppendAndRemove) { AssertContended([&] { … }); }
class ThreadSafetyTest : public ::testing::Test {
 protected:
  ContendedResult AssertContended(ContendedOperation operation, ContendedOptions options = {},
                                  const char* file = __builtin_FILE(), int line = __builtin_LINE());

  // Before and after each round, in the test's thread; after what the options say.
  virtual void SetUpRound() {}
  virtual void TearDownRound() {}
  // After each round, when all threads are at rest, by assertions. In a thread of its own.
  virtual void CheckInvariants() {}
};

}  // namespace detect
