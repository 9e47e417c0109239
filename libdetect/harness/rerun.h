// RunAgain says how often one GoogleTest fails with the seed that it failed with.
//
//   this program ──spawns, 20 times──► itself --gtest_filter=Suite.Name, DETECT_SEED=… ──► exit
//   code
//
// In processes of their own: what a failure has left behind in this one has no part in it.
//
// Context: tool. Threads: the test's.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace detect {

// Returns false in a process that RunAgain has started, and where DETECT_RERUNS=0 is set.
bool MayRunAgain();

// Returns "failed 17 times in 20 runs". Blocks: for about 10 seconds at most; where those do not
// suffice there are fewer runs, and one that is not over by then counts as failed.
std::string RunAgain(const ::testing::TestInfo& test, uint64_t seed);

// Returns the line that runs the test again with that seed, for a shell.
std::string CommandToRunAgain(const ::testing::TestInfo& test, uint64_t seed);

}  // namespace detect
