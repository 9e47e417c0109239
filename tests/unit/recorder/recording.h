// A fixture under which the calling thread is recorded, in a private region of this process.
#pragma once

#include <gtest/gtest.h>

#include "libdetect/recorder/events.h"
#include "libdetect/recorder/recorder.h"
#include "libdetect/stack/capture.h"

namespace detect::recorder {

class Recording : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (CurrentRegion() != nullptr) return;
    SetUnwinder(UnwindHere);
    ASSERT_TRUE(Start(nullptr));
  }

  void SetUp() override {
    slot_ = CurrentThread();
    ASSERT_NE(slot_, nullptr);
  }

  ThreadSlot* slot_ = nullptr;
};

}  // namespace detect::recorder
