#include "tools/detect/hub.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

namespace detect {
namespace {

using namespace std::chrono_literals;

class HubTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "/hub_test";
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directory(directory_);
    hub_ = Hub::Make(directory_);
    ASSERT_NE(hub_, nullptr);
  }

  std::string directory_;
  std::unique_ptr<Hub> hub_;
};

TEST_F(HubTest, IsAFileForItsUserAloneAndNeverMadeOverAnother) {
  struct stat status;

  ASSERT_EQ(stat((directory_ + "/hub").c_str(), &status), 0);

  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(status.st_size, 4096);
  EXPECT_EQ(Hub::Make(directory_), nullptr);
}

TEST_F(HubTest, DoesNotWaitForANudgeThatHasComeAlready) {
  uint32_t seen = hub_->count();

  hub_->Nudge();
  hub_->Wait(seen, 1h);

  EXPECT_EQ(hub_->count(), seen + 1);
}

TEST_F(HubTest, WaitsNoLongerThanItsTimeout) {
  hub_->Wait(hub_->count(), 1ms);

  EXPECT_EQ(hub_->count(), 0u);
}

TEST_F(HubTest, IsWokenFromAnotherThreadAndAnotherProcess) {
  std::thread waiter([&] {
    while (hub_->count() < 2) hub_->Wait(hub_->count(), 1h);
  });

  std::thread([&] { hub_->Nudge(); }).join();
  pid_t child = fork();
  if (child == 0) {
    hub_->Nudge();
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  waiter.join();

  EXPECT_EQ(hub_->count(), 2u);
}

}  // namespace
}  // namespace detect
