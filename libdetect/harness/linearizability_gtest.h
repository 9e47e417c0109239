// The check of linearizability in GoogleTest.
//
//   EXPECT_TRUE(detect::IsLinearizable(detect::CheckLinearizable<Model>(make, actions)));
//
// The picture of a failure goes to Bazel's undeclared outputs, or else to the test's temporary
// directory, as SUITE.TEST.svg.
//
// Context: tool. Threads: that of the test.
#pragma once

#include <gtest/gtest.h>

#include "libdetect/harness/check_linearizable.h"

namespace detect {

::testing::AssertionResult IsLinearizable(const CheckLinearizableResult& result);

}  // namespace detect
