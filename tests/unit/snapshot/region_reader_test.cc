#include "libdetect/snapshot/region_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "libdetect/recorder/region.h"

namespace detect {
namespace {

using recorder::HoldDetails;
using recorder::Region;
using recorder::SlotState;
using recorder::ThreadSlot;
using ::testing::HasSubstr;

// A region file as a program would write it, for a test to fill.
class RegionFile {
 public:
  RegionFile() : path_(::testing::TempDir() + "/test.region") {
    unlink(path_.c_str());
    fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    EXPECT_EQ(ftruncate(fd_, sizeof(Region)), 0);
    void* memory = mmap(nullptr, sizeof(Region), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    region_ = static_cast<Region*>(memory);
    region_->header.magic = recorder::kRegionMagic;
    region_->header.version = recorder::kRegionVersion;
    region_->header.thread_capacity = recorder::kMaxThreads;
    region_->header.total_bytes = sizeof(Region);
    region_->header.pid = 4242;
    region_->header.ready = 1;
  }
  ~RegionFile() {
    munmap(region_, sizeof(Region));
    close(fd_);
    unlink(path_.c_str());
  }

  ThreadSlot& AddThread(uint32_t number) {
    ThreadSlot& slot = region_->threads[region_->header.threads_used++];
    slot.state = static_cast<uint32_t>(SlotState::kLive);
    slot.number = number;
    slot.tid = static_cast<int32_t>(4242 + number);
    return slot;
  }

  static void Hold(ThreadSlot* slot, uint64_t lock) {
    recorder::HoldRecord& hold = slot->holds[slot->depth++];
    hold.details = HoldDetails{.site = 0, .kind = ResourceKind::kMutex}.Pack();
    hold.resource = lock;
  }

  static void WaitFor(ThreadSlot* slot, uint64_t resource, ResourceKind kind) {
    slot->wait.resource = resource;
    slot->wait.kind = static_cast<uint8_t>(kind);
    slot->wait_sequence = 7;
  }

  std::unique_ptr<RegionReader> Open() {
    std::string error;
    std::unique_ptr<RegionReader> reader = RegionReader::Open(path_, &error);
    EXPECT_EQ(error, "");
    return reader;
  }

  std::string OpenError() {
    std::string error;
    EXPECT_EQ(RegionReader::Open(path_, &error), nullptr);
    return error;
  }

  Region* region() { return region_; }
  const std::string& path() const { return path_; }
  void Truncate(off_t size) { EXPECT_EQ(ftruncate(fd_, size), 0); }

 private:
  std::string path_;
  int fd_ = -1;
  Region* region_ = nullptr;
};

TEST(RegionReader, ReadsWhoHoldsAndWhoWaits) {
  RegionFile file;
  ThreadSlot& writer = file.AddThread(1);
  RegionFile::Hold(&writer, 0xA0);
  RegionFile::WaitFor(&writer, 0xB0, ResourceKind::kMutex);
  ThreadSlot& auditor = file.AddThread(2);
  RegionFile::Hold(&auditor, 0xB0);

  Snapshot snapshot = file.Open()->Read();

  ASSERT_EQ(snapshot.threads.size(), 2u);
  EXPECT_EQ(snapshot.pid, 4242);
  ASSERT_EQ(snapshot.threads[0].state, ThreadState::kWaiting);
  EXPECT_EQ(snapshot.resources[snapshot.threads[0].wait->resource].address, 0xB0u);
  EXPECT_EQ(snapshot.threads[1].state, ThreadState::kRunning);
  ASSERT_EQ(snapshot.holds.size(), 2u);
  EXPECT_EQ(snapshot.holds[1].resource, snapshot.threads[0].wait->resource);
}

TEST(RegionReader, AJoinNamesItsThread) {
  RegionFile file;
  RegionFile::WaitFor(&file.AddThread(1), 9, ResourceKind::kThread);
  file.AddThread(9);

  Snapshot snapshot = file.Open()->Read();

  EXPECT_EQ(snapshot.resources[snapshot.threads[0].wait->resource].thread, 1u);
}

TEST(RegionReader, AJoinOfAThreadThatIsGoneNamesNobody) {
  RegionFile file;
  RegionFile::WaitFor(&file.AddThread(1), 9, ResourceKind::kThread);

  Snapshot snapshot = file.Open()->Read();

  EXPECT_EQ(snapshot.resources[snapshot.threads[0].wait->resource].thread, kNoThread);
}

TEST(RegionReader, AFreeSlotIsNoThread) {
  RegionFile file;
  file.AddThread(1).state = static_cast<uint32_t>(SlotState::kFree);
  file.AddThread(2).state = static_cast<uint32_t>(SlotState::kClaimed);

  EXPECT_TRUE(file.Open()->Read().threads.empty());
}

TEST(RegionReader, KnowsWhenAWaitIsNoLongerTheSame) {
  RegionFile file;
  ThreadSlot& slot = file.AddThread(1);
  RegionFile::WaitFor(&slot, 0xA0, ResourceKind::kMutex);
  std::unique_ptr<RegionReader> reader = file.Open();
  reader->Read();
  EXPECT_TRUE(reader->StillWaiting({0}));

  slot.wait_sequence += 2;

  EXPECT_FALSE(reader->StillWaiting({0}));
}

TEST(RegionReader, RefusesAFileThatIsNotWhole) {
  RegionFile file;
  file.Truncate(sizeof(Region) / 2);

  EXPECT_THAT(file.OpenError(), HasSubstr("not whole"));
}

TEST(RegionReader, RefusesARegionOfAnotherVersion) {
  RegionFile file;
  file.region()->header.version = recorder::kRegionVersion + 1;

  EXPECT_THAT(file.OpenError(), HasSubstr("version"));
}

TEST(RegionReader, RefusesARegionThatIsNotReady) {
  RegionFile file;
  file.region()->header.ready = 0;

  EXPECT_NE(file.OpenError(), "");
}

TEST(RegionReader, RefusesALink) {
  RegionFile file;
  std::string link = file.path() + ".link";
  unlink(link.c_str());
  ASSERT_EQ(symlink(file.path().c_str(), link.c_str()), 0);
  std::string error;

  EXPECT_EQ(RegionReader::Open(link, &error), nullptr);

  EXPECT_NE(error, "");
  unlink(link.c_str());
}

TEST(RegionReader, SurvivesAFileThatIsTruncatedWhileMapped) {
  RegionFile file;
  RegionFile::WaitFor(&file.AddThread(1), 0xA0, ResourceKind::kMutex);
  std::unique_ptr<RegionReader> reader = file.Open();
  const Snapshot& snapshot = reader->Read();

  file.Truncate(0);

  EXPECT_FALSE(reader->StillWaiting({0}));
  EXPECT_TRUE(reader->Losses().empty());
  reader->FillDetails({0});
  EXPECT_EQ(snapshot.threads[0].wait->stack, 0u);
  EXPECT_TRUE(reader->Read().threads.empty());
}

// Whatever stands in a region, a Snapshot of it refers to nothing that it does not have.
void ExpectConsistent(const Snapshot& snapshot) {
  for (const Hold& hold : snapshot.holds) {
    EXPECT_LT(hold.thread, snapshot.threads.size());
    EXPECT_LT(hold.resource, snapshot.resources.size());
  }
  for (const Thread& thread : snapshot.threads) {
    EXPECT_LT(thread.name, snapshot.names.size());
    EXPECT_EQ(thread.wait.has_value(), thread.state == ThreadState::kWaiting);
    if (!thread.wait) continue;
    EXPECT_LT(thread.wait->resource, snapshot.resources.size());
    if (thread.wait->relock != kNoResource) {
      EXPECT_LT(thread.wait->relock, snapshot.resources.size());
    }
    ASSERT_LT(thread.wait->stack, snapshot.stacks.size());
    EXPECT_LE(snapshot.stacks[thread.wait->stack].size(), recorder::kMaxWaitFrames);
  }
  for (const Resource& resource : snapshot.resources) {
    EXPECT_LT(static_cast<int>(resource.kind), kResourceKindCount);
    if (resource.thread != kNoThread) {
      EXPECT_LT(resource.thread, snapshot.threads.size());
    }
  }
}

TEST(RegionReader, BelievesNothingOfAHostileRegion) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    RegionFile file;
    std::mt19937_64 random(seed);
    auto scribble = [&](void* memory, size_t bytes) {
      for (size_t i = 0; i < bytes / 8; ++i) static_cast<uint64_t*>(memory)[i] = random();
    };
    scribble(static_cast<void*>(file.region()->threads), 200 * sizeof(ThreadSlot));
    scribble(file.region()->sites, sizeof(file.region()->sites));
    scribble(static_cast<void*>(file.region()->resources), sizeof(file.region()->resources));
    for (int i = 0; i < 200; ++i) file.region()->threads[i].state = random() % 5;
    file.region()->header.threads_used = static_cast<uint32_t>(random());
    std::unique_ptr<RegionReader> reader = file.Open();

    const Snapshot& snapshot = reader->Read();
    std::vector<ThreadIndex> all;
    for (ThreadIndex i = 0; i < snapshot.threads.size(); ++i) all.push_back(i);
    reader->FillDetails(all);

    EXPECT_FALSE(snapshot.threads.empty());
    ExpectConsistent(snapshot);
  }
}

TEST(RegionReader, TellsEachMisuseOnceAndOnlyWhenItIsWhole) {
  RegionFile file;
  file.AddThread(1);
  recorder::Header& header = file.region()->header;
  header.misuses[0].misuse = static_cast<uint8_t>(Misuse::kConfined);
  header.misuses[0].thread = 1;
  header.misuses[0].resource = 0x5000;
  header.misuses[0].other_thread = 9;
  header.misuses_used = 1;
  std::unique_ptr<RegionReader> reader = file.Open();
  EXPECT_TRUE(reader->Read().misuses.empty());

  header.misuses[0].is_complete = 1;

  const Snapshot snapshot = reader->Read();
  ASSERT_EQ(snapshot.misuses.size(), 1u);
  EXPECT_EQ(snapshot.misuses[0].misuse, Misuse::kConfined);
  EXPECT_EQ(snapshot.misuses[0].thread_id, 1u);
  EXPECT_EQ(snapshot.misuses[0].other_thread_id, 9u);
  EXPECT_EQ(snapshot.resources[snapshot.misuses[0].resource].address, 0x5000u);
  EXPECT_TRUE(reader->Read().misuses.empty());
}

TEST(RegionReader, KeepsCountsOfMisusesThatNobodyCouldHaveWrittenInBounds) {
  RegionFile file;
  recorder::Header& header = file.region()->header;
  for (recorder::MisuseRecord& record : header.misuses) {
    record.is_complete = 1;
    record.misuse = 0xff;
    record.kind = 0xff;
  }
  header.misuses_used = UINT32_MAX;

  EXPECT_TRUE(file.Open()->Read().misuses.empty());
}

TEST(RegionReader, TellsWhomALostNotificationWasFor) {
  RegionFile file;
  ThreadSlot& notifier = file.AddThread(1);
  notifier.unheard = 0x6000;
  RegionFile::WaitFor(&file.AddThread(2), 0x6000, ResourceKind::kCondition);
  file.AddThread(3).unheard = 0x7000;
  std::unique_ptr<RegionReader> reader = file.Open();
  const Snapshot& snapshot = reader->Read();

  reader->FillDetails({});

  EXPECT_EQ(snapshot.threads[2].unheard, kNoResource);
  EXPECT_EQ(snapshot.threads[0].unheard, snapshot.threads[1].wait->resource);
}

}  // namespace
}  // namespace detect
