#include "tools/detect/observer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "libdetect/recorder/region.h"

namespace detect {
namespace {

using recorder::Region;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// A process that does nothing but wait for a signal.
class Bystander {
 public:
  Bystander() : pid_(fork()) {
    if (pid_ == 0) {
      while (true) pause();
    }
  }
  ~Bystander() {
    if (pid_ > 0) EndBy(SIGKILL);
  }

  pid_t pid() const { return pid_; }

  // Sends the signal and returns the one that ended it.
  int EndBy(int signal) {
    int status = 0;
    kill(pid_, signal);
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

class ObserverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "/observer_test";
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directory(directory_);
  }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string PathOf(const std::string& name) const { return directory_ + "/" + name; }

  // Makes a region file as a process `pid` would, and returns it for writing.
  Region* MakeRegion(const std::string& name, int32_t pid) {
    int fd = open(PathOf(name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    EXPECT_EQ(ftruncate(fd, sizeof(Region)), 0);
    void* memory = mmap(nullptr, sizeof(Region), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    auto* region = static_cast<Region*>(memory);
    region->header.magic = recorder::kRegionMagic;
    region->header.version = recorder::kRegionVersion;
    region->header.thread_capacity = recorder::kMaxThreads;
    region->header.total_bytes = sizeof(Region);
    region->header.pid = pid;
    region->header.ready.store(1);
    return region;
  }

  std::string directory_;
};

TEST_F(ObserverTest, SeesAProcessOnceItsRegionIsReady) {
  Bystander process;
  Observer observer(directory_);
  Region* region = MakeRegion(std::to_string(process.pid()) + "-0.region", process.pid());

  region->header.ready.store(0);
  observer.LookAround();
  EXPECT_FALSE(observer.HasSeen(process.pid()));
  region->header.ready.store(1);
  observer.LookAround();

  EXPECT_TRUE(observer.HasSeen(process.pid()));
  munmap(region, sizeof(Region));
}

TEST_F(ObserverTest, FindsARegionInADirectoryThatHadNotChangedForLong) {
  Bystander process;
  Observer observer(directory_);
  std::filesystem::last_write_time(
      directory_, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  observer.LookAround();

  munmap(MakeRegion(std::to_string(process.pid()) + "-0.region", process.pid()), sizeof(Region));
  observer.LookAround();

  EXPECT_TRUE(observer.HasSeen(process.pid()));
}

TEST_F(ObserverTest, KeepsWhatAProcessLostAndRemovesItsRegionAfterItsEnd) {
  Bystander process;
  const std::string name = std::to_string(process.pid()) + "-0.region";
  Region* region = MakeRegion(name, process.pid());
  region->header.losses[0].store(7);
  munmap(region, sizeof(Region));
  Observer observer(directory_);
  observer.LookAround();

  process.EndBy(SIGKILL);
  observer.LookAround();
  observer.LookAround();

  Report report;
  observer.AddTo(&report);
  EXPECT_EQ(report.losses[recorder::kLossNames[0]], 7u);
  EXPECT_FALSE(std::filesystem::exists(PathOf(name)));
}

TEST_F(ObserverTest, CountsEachImageThatAProcessExecutedOnce) {
  Bystander process;
  const std::string prefix = std::to_string(process.pid());
  Observer observer(directory_);
  for (int image = 0; image < 3; ++image) {
    const std::string name = prefix + "-" + std::to_string(image) + ".region";
    Region* region = MakeRegion(name, process.pid());
    region->header.losses[image].store(1);
    munmap(region, sizeof(Region));
    observer.LookAround();
  }

  Report report;
  observer.AddTo(&report);

  EXPECT_THAT(report.losses, ElementsAre(Pair(_, 1), Pair(_, 1), Pair(_, 1)));
}

TEST_F(ObserverTest, SignalsNobodyJustBecauseARegionNamesIt) {
  Bystander bystander;
  munmap(MakeRegion(std::to_string(bystander.pid()) + "-0.region", bystander.pid()),
         sizeof(Region));
  Observer observer(directory_);
  observer.LookAround();

  observer.SignalAll(SIGKILL);

  EXPECT_TRUE(observer.HasSeen(bystander.pid()));
  EXPECT_EQ(bystander.EndBy(SIGTERM), SIGTERM);
}

TEST_F(ObserverTest, PassesOverFilesThatAreNoRegions) {
  std::ofstream(PathOf("1-0.region")) << "short";
  std::ofstream(PathOf("hub")) << "hub";
  std::ofstream(PathOf("1-0.regionx")) << "x";
  std::filesystem::create_directory(PathOf("2-0.region"));
  std::filesystem::create_symlink("/dev/zero", PathOf("3-0.region"));
  munmap(MakeRegion("4-0.region", 5), sizeof(Region));
  Observer observer(directory_);

  EXPECT_THAT(observer.LookAround().sightings, IsEmpty());

  for (int pid = 1; pid <= 5; ++pid) EXPECT_FALSE(observer.HasSeen(pid));
}

TEST_F(ObserverTest, SurvivesARegionOfGarbageThatShrinks) {
  Bystander process;
  const std::string name = std::to_string(process.pid()) + "-0.region";
  Region* region = MakeRegion(name, process.pid());
  std::mt19937_64 random(1);
  region->header.threads_used.store(UINT32_MAX);
  auto* words = reinterpret_cast<uint64_t*>(region->threads);
  for (size_t i = 0; i < 64 * sizeof(recorder::ThreadSlot) / sizeof(uint64_t); ++i) {
    words[i] = random() % 3 == 0 ? random() : random() % 4;
  }
  munmap(region, sizeof(Region));
  Observer observer(directory_);

  observer.LookAround();
  EXPECT_TRUE(observer.HasSeen(process.pid()));
  std::filesystem::resize_file(PathOf(name), 4096);
  observer.LookAround();

  Report report;
  observer.AddTo(&report);
  EXPECT_THAT(report.notes, IsEmpty());
}

}  // namespace
}  // namespace detect
