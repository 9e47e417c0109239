// A litmus run as an assertion of GoogleTest.
//
//   EXPECT_TRUE(litmus::Passes(test.Run()));
//   EXPECT_TRUE(litmus::Passes(test.Run({.budget = 10s})));
//
// The table is shown in either case, for an interesting outcome is worth a look in a test that
// passes; under Bazel it is among the test's undeclared outputs as a web page, too.
//
// Context: tool. Threads: that of the test.
#pragma once

#include <gtest/gtest.h>

#include "libdetect/harness/litmus_result.h"

namespace detect::litmus {

testing::AssertionResult Passes(const Result& result);

}  // namespace detect::litmus
