// Scenes: deadlocks as they are met in programs, each as the report about it.
//
// Context: tests.
#pragma once

#include <string>
#include <vector>

#include "libdetect/report/report.h"
#include "libdetect/snapshot/snapshot.h"
#include "tests/testing/fake_symbolizer.h"

namespace detect {

struct Scene {
  const char* name;
  Report (*make)();
};

// Those whose JSON and text are kept in testdata/.
const std::vector<Scene>& GoldenScenes();

Report TwoCycle();
Report ThreeCycleWithQueue();
Report SelfDeadlock();
Report TemporaryCycle();
Report ConditionRetake();
Report EndedOwner();
Report PoolStarvation();
Report LostNotification();
Report RankBroken();
Report ConfinementBroken();

// Returns the report about every deadlock of `snapshot`.
Report ReportOn(const Snapshot& snapshot, Symbolizer& symbolizer);

}  // namespace detect
