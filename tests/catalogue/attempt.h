// One attempt at making a structure fail: fresh for each round, used by all threads of the round at
// once, and looked at when they are back.
//
// Each header beside this one has one structure in two forms, the smallest that has the bug and its
// healthy twin. A race on plain data would be undefined: the compiler might fold it away, or make
// more of it than the bug. So what races is atomic, and a step that is wrongly divided is a load
// and a store. Where no lock of ours is near, SchedulePoint() says where another thread may come in
// between.
#pragma once

#include <cstdint>

#include "libdetect/base/schedule.h"

namespace detect::catalogue {

enum class Form : uint8_t { kBug, kOk };

class Attempt {
 public:
  virtual ~Attempt() = default;
  // What thread `index` does. One that does not come back is a failure, too.
  virtual void Run(uint32_t index) = 0;
  // Called when all are back.
  virtual bool IsIntact() = 0;
};

}  // namespace detect::catalogue
