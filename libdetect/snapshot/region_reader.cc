#include "libdetect/snapshot/region_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "libdetect/recorder/recorder.h"
#include "libdetect/recorder/region.h"
#include "libdetect/snapshot/guarded_copy.h"

namespace detect {
namespace {

using recorder::Header;
using recorder::HoldRecord;
using recorder::kMaxHolds;
using recorder::kMaxName;
using recorder::kMaxSiteFrames;
using recorder::kMaxSites;
using recorder::kMaxThreads;
using recorder::kMaxWaitFrames;
using recorder::kSlotHeadBytes;
using recorder::Region;
using recorder::ResourceRecord;
using recorder::SiteRecord;
using recorder::SlotState;
using recorder::ThreadSlot;

constexpr size_t kCacheLine = 64;
constexpr uint32_t kPrefetchDistance = 8;  // slots
static_assert(kSlotHeadBytes % sizeof(uint64_t) == 0 &&
              sizeof(SiteRecord) % sizeof(uint64_t) == 0 &&
              sizeof(ResourceRecord) % sizeof(uint64_t) == 0 &&
              sizeof(HoldRecord) % sizeof(uint64_t) == 0);

// A private copy of a region's structure, to be checked in peace. The words were read one by one.
template <typename T>
struct Copied {
  alignas(T) unsigned char bytes[sizeof(T)];
  const T& operator*() const { return *reinterpret_cast<const T*>(bytes); }
  const T* operator->() const { return reinterpret_cast<const T*>(bytes); }
};

// To copy one is cheaper than to make one.
constexpr Thread kNewThread;
constexpr Hold kNewHold;
constexpr Resource kNewResource;

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

ResourceKind CheckedKind(uint8_t value) {
  return value < kResourceKindCount ? static_cast<ResourceKind>(value) : ResourceKind::kUnknown;
}

AccessMode CheckedMode(uint8_t value) {
  return value < kAccessModeCount ? static_cast<AccessMode>(value) : AccessMode::kExclusive;
}

std::string CheckedName(const std::atomic<char> (&name)[kMaxName]) {
  std::string text;
  for (const std::atomic<char>& c : name) {
    if (c.load(std::memory_order_relaxed) == '\0') break;
    text.push_back(c.load(std::memory_order_relaxed));
  }
  return text;
}

// Finds each resource's place in the Snapshot: a flat hash table, emptied for each look.
class ResourceTable {
 public:
  explicit ResourceTable(std::vector<Resource>* resources) : resources_(resources) {}

  void Clear() {
    resources_->clear();
    if (slots_.empty()) slots_.resize(64);
    std::fill(slots_.begin(), slots_.end(), kNoResource);
  }

  // Returns the index of the resource at `address`, adding it when it is new.
  ResourceIndex Find(uint64_t address, ResourceKind kind) {
    if (resources_->size() * kSlotsEach >= slots_.size()) Grow();
    ResourceIndex& slot = slots_[Probe(address, kind == ResourceKind::kThread)];
    if (slot == kNoResource) {
      slot = static_cast<ResourceIndex>(resources_->size());
      Resource& resource = resources_->emplace_back(kNewResource);
      resource.kind = kind;
      resource.address = address;
      // Who only names it as the pool of a wait knows no kind.
    } else if (Resource& found = (*resources_)[slot]; found.kind == ResourceKind::kUnknown) {
      found.kind = kind;
    }
    return slot;
  }

  // Returns kNoResource where no thread holds it or waits for it.
  ResourceIndex FindKnown(uint64_t address) const { return slots_[Probe(address, false)]; }

 private:
  // A number that names a thread is no address.
  size_t Probe(uint64_t address, bool is_thread) const {
    const size_t mask = slots_.size() - 1;
    size_t at = (address * 0x9E3779B97F4A7C15u >> 32) & mask;
    for (; slots_[at] != kNoResource; at = (at + 1) & mask) {
      const Resource& found = (*resources_)[slots_[at]];
      if (found.address == address && (found.kind == ResourceKind::kThread) == is_thread) break;
    }
    return at;
  }

  void Grow() {
    slots_.assign(slots_.size() * 2, kNoResource);
    for (ResourceIndex index = 0; index < resources_->size(); ++index) {
      const Resource& resource = (*resources_)[index];
      slots_[Probe(resource.address, resource.kind == ResourceKind::kThread)] = index;
    }
  }

  // So many that the first probe nearly always decides.
  static constexpr size_t kSlotsEach = 4;

  std::vector<Resource>* const resources_;
  std::vector<ResourceIndex> slots_;  // a power of 2
};

class MappedRegionReader : public RegionReader {
 public:
  // `mapped_bytes` is 0 for memory that is not this reader's to unmap.
  MappedRegionReader(const Region* region, size_t mapped_bytes, int32_t pid)
      : region_(region), mapped_bytes_(mapped_bytes), pid_(pid) {}

  ~MappedRegionReader() override {
    if (mapped_bytes_ > 0) munmap(const_cast<Region*>(region_), mapped_bytes_);
  }

  int32_t pid() const override { return pid_; }

  Snapshot& Read() override {
    Clear();
    snapshot_.taken_ns = NowNs();
    const uint32_t used = ThreadsUsed();
    for (uint32_t i = 0; i < used; ++i) {
      Prefetch(i + kPrefetchDistance);
      if (!ReadSlot(i)) break;
    }
    ResolveJoins();
    ReadMisuses();
    return snapshot_;
  }

  void FillDetails(const std::vector<ThreadIndex>& threads) override {
    std::vector<bool> wanted(snapshot_.threads.size(), false);
    for (ThreadIndex index : threads) {
      wanted[index] = true;
      if (auto& wait = snapshot_.threads[index].wait) {
        wait->stack = snapshot_.AddStack(WaitStack(slot_of_[index]));
      }
    }
    for (Hold& hold : snapshot_.holds) {
      if (wanted[hold.thread]) hold.stack = snapshot_.AddStack(SiteStack(hold.site));
    }
    for (MisuseSeen& misuse : snapshot_.misuses) {
      misuse.stack = snapshot_.AddStack(SiteStack(misuse.site));
      misuse.other_stack = snapshot_.AddStack(SiteStack(misuse.other_site));
    }
    FillThreads();
    FillResources();
  }

  bool StillWaiting(const std::vector<ThreadIndex>& threads) override {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (ThreadIndex index : threads) {
      const Thread& thread = snapshot_.threads[index];
      Instant now;
      if (!ReadInstant(slot_of_[index], &now) || now.thread >> 32 != thread.id) return false;
      if (thread.wait && now.wait_sequence != thread.wait->sequence) return false;
    }
    return true;
  }

  std::map<std::string, uint64_t> Losses() const override {
    std::map<std::string, uint64_t> losses;
    Copied<Header> header;
    if (!Copy(&region_->header, &header, sizeof(Header))) return losses;
    for (uint32_t i = 0; i < recorder::kLossCount; ++i) {
      uint64_t count = header->losses[i].load();
      if (count > 0) losses[recorder::kLossNames[i]] = count;
    }
    return losses;
  }

 private:
  template <typename T>
  static bool Copy(const void* from, Copied<T>* to, size_t bytes) {
    return GuardedCopy(from, to->bytes, bytes / sizeof(uint64_t));
  }

  uint32_t ThreadsUsed() const {
    Copied<Header> header;
    if (!Copy(&region_->header, &header, sizeof(Header))) return 0;
    return std::min(header->threads_used.load(), kMaxThreads);
  }

  // Two looks that find the same saw one thread in one wait, or in none.
  struct Instant {
    uint64_t thread = 0;  // its slot's state, below its number
    uint64_t wait_sequence = 0;

    bool operator==(const Instant&) const = default;
  };

  static Instant InstantOf(const ThreadSlot& slot) {
    return {slot.state.load() | uint64_t{slot.number.load()} << 32, slot.wait_sequence.load()};
  }

  bool ReadInstant(uint32_t slot, Instant* instant) const {
    static_assert(offsetof(ThreadSlot, state) == 0 && offsetof(ThreadSlot, number) == 4);
    const ThreadSlot& shared = region_->threads[slot];
    return GuardedCopy(&shared, &instant->thread, 1) &&
           GuardedCopy(&shared.wait_sequence, &instant->wait_sequence, 1);
  }

  // The head of a slot that is going to be read: no slot is near another, so the processor would
  // not guess it.
  void Prefetch(uint32_t slot) const {
    const char* begin = reinterpret_cast<const char*>(&region_->threads[slot % kMaxThreads]);
    for (size_t at = 0; at < kSlotHeadBytes; at += kCacheLine) {
      __builtin_prefetch(begin + at);
    }
  }

  void Clear() {
    snapshot_.pid = pid_;
    snapshot_.unseen_threads = 0;
    snapshot_.threads.clear();
    snapshot_.holds.clear();
    snapshot_.misuses.clear();
    snapshot_.names.resize(1);
    snapshot_.stacks.resize(1);
    table_.Clear();
    slot_of_.clear();
  }

  bool CopyHead(uint32_t slot, Copied<ThreadSlot>* to) const {
    return Copy(&region_->threads[slot], to, kSlotHeadBytes);
  }

  // Adds one thread to the snapshot. Returns false when the region's memory is gone.
  bool ReadSlot(uint32_t index) {
    const ThreadSlot& shared = region_->threads[index];
    Copied<ThreadSlot> slot;
    if (!CopyHead(index, &slot)) return false;
    std::atomic_thread_fence(std::memory_order_acquire);
    uint32_t state = slot->state.load();
    bool live = state == static_cast<uint32_t>(SlotState::kLive);
    if (!live && state != static_cast<uint32_t>(SlotState::kEnded)) return true;

    uint32_t depth = std::min(slot->depth.load(), kMaxHolds);
    if (depth > 1 && !GuardedCopy(&shared.holds[1], slot.bytes + kSlotHeadBytes,
                                  (depth - 1) * sizeof(HoldRecord) / sizeof(uint64_t))) {
      return false;
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    Instant now;
    if (!ReadInstant(index, &now)) return false;
    const bool is_one_instant = now == InstantOf(*slot);

    ReadHolds(*slot, depth);
    Thread& thread = snapshot_.threads.emplace_back(kNewThread);
    slot_of_.push_back(index);
    thread.id = slot->number.load();
    thread.tid = slot->tid.load();
    thread.daemon = slot->daemon.load() != 0;
    thread.state = live ? ThreadState::kRunning : ThreadState::kEnded;
    if (live && is_one_instant && (now.wait_sequence & 1) != 0) {
      thread.state = ThreadState::kWaiting;
      ReadWait(*slot, thread.wait.emplace());
    }
    return true;
  }

  void ReadWait(const ThreadSlot& slot, Wait& wait) {
    wait.resource = table_.Find(slot.wait.resource.load(), CheckedKind(slot.wait.kind.load()));
    Resource& resource = snapshot_.resources[wait.resource];
    if (slot.wait.preference.load() == static_cast<uint8_t>(RwPreference::kWriters)) {
      resource.preference = RwPreference::kWriters;
    }
    uint64_t relock = slot.wait.relock.load();
    if (relock != 0) wait.relock = table_.Find(relock, ResourceKind::kMutex);
    uint64_t pool = slot.wait.pool.load();
    if (pool != 0) wait.pool = table_.Find(pool, ResourceKind::kUnknown);
    wait.mode = CheckedMode(slot.wait.mode.load());
    wait.has_deadline = slot.wait.has_deadline.load() != 0;
    wait.owner_offset = slot.wait.owner_offset.load();
    wait.sequence = slot.wait_sequence.load();
    wait.permits = slot.wait.permits.load();
    wait.since_ns = slot.wait.since_ns.load();
  }

  // The holds of the thread that is added next.
  void ReadHolds(const ThreadSlot& slot, uint32_t depth) {
    for (uint32_t i = 0; i < depth; ++i) {
      const HoldRecord& record = slot.holds[i];
      uint64_t address = record.resource.load() & ~recorder::kHeldAgain;
      if (address == 0) continue;
      recorder::HoldDetails details = recorder::HoldDetails::Unpack(record.details.load());
      Hold& hold = snapshot_.holds.emplace_back(kNewHold);
      hold.thread = static_cast<ThreadIndex>(snapshot_.threads.size());
      hold.resource = table_.Find(address, CheckedKind(static_cast<uint8_t>(details.kind)));
      hold.mode = CheckedMode(static_cast<uint8_t>(details.mode));
      hold.count = details.count;
      hold.site = details.site;
    }
  }

  // Each is told once. One that is still being written is told by a later look.
  void ReadMisuses() {
    Copied<Header> header;
    if (!Copy(&region_->header, &header, sizeof(Header))) return;
    const uint32_t used = std::min(header->misuses_used.load(), recorder::kMaxMisuses);
    for (; misuses_told_ < used; ++misuses_told_) {
      const recorder::MisuseRecord& record = header->misuses[misuses_told_];
      if (record.is_complete.load() == 0) return;
      const uint8_t misuse = record.misuse.load();
      if (misuse >= kMisuseCount) continue;
      MisuseSeen& seen = snapshot_.misuses.emplace_back();
      seen.misuse = static_cast<Misuse>(misuse);
      seen.thread_id = record.thread.load();
      seen.resource = table_.Find(record.resource.load(), CheckedKind(record.kind.load()));
      const uint64_t other = record.other_resource.load();
      if (other != 0) seen.other_resource = table_.Find(other, ResourceKind::kMutex);
      seen.other_thread_id = record.other_thread.load();
      seen.site = record.site.load();
      seen.other_site = record.other_site.load();
    }
  }

  // Joins name their thread by its number.
  void ResolveJoins() {
    bool any = false;
    for (const Resource& resource : snapshot_.resources) {
      any = any || resource.kind == ResourceKind::kThread;
    }
    if (!any) return;
    std::vector<std::pair<uint64_t, ThreadIndex>> by_number;
    for (ThreadIndex i = 0; i < snapshot_.threads.size(); ++i) {
      if (snapshot_.threads[i].state == ThreadState::kEnded) continue;
      by_number.emplace_back(snapshot_.threads[i].id, i);
    }
    std::sort(by_number.begin(), by_number.end());
    for (Resource& resource : snapshot_.resources) {
      if (resource.kind != ResourceKind::kThread) continue;
      auto found = std::lower_bound(by_number.begin(), by_number.end(),
                                    std::make_pair(resource.address, ThreadIndex{0}));
      if (found != by_number.end() && found->first == resource.address) {
        resource.thread = found->second;
      }
      resource.address = 0;
    }
  }

  Stack WaitStack(uint32_t slot) const {
    Copied<ThreadSlot> head;
    uint64_t frames[kMaxWaitFrames];
    if (!CopyHead(slot, &head)) return {};
    uint32_t count = std::min(head->wait.frame_count.load(), kMaxWaitFrames);
    if (!GuardedCopy(region_->threads[slot].wait_frames, frames, count)) return {};
    return Stack(frames, frames + count);
  }

  Stack SiteStack(uint32_t number) const {
    Copied<SiteRecord> site;
    if (number == 0 || number >= kMaxSites) return {};
    if (!Copy(&region_->sites[number], &site, sizeof(SiteRecord))) return {};
    uint32_t count = std::min<uint32_t>(site->frame_count, kMaxSiteFrames);
    return Stack(site->frames, site->frames + count);
  }

  // Gives the threads their names, and the conditions that they notified in vain, as far as anybody
  // waits for them now.
  void FillThreads() {
    for (ThreadIndex i = 0; i < snapshot_.threads.size(); ++i) {
      Thread& thread = snapshot_.threads[i];
      Copied<ThreadSlot> slot;
      if (!Copy(&region_->threads[slot_of_[i]], &slot, sizeof(ThreadSlot))) return;
      if (slot->number.load() != thread.id) continue;
      thread.name = snapshot_.AddName(CheckedName(slot->name));
      const uint64_t unheard = slot->unheard.load();
      if (unheard == 0) continue;
      thread.unheard = table_.FindKnown(unheard);
      thread.unheard_stack = snapshot_.AddStack(SiteStack(slot->unheard_site.load()));
    }
  }

  // Gives the resources the names and creation stacks that the program announced.
  void FillResources() {
    std::vector<std::pair<uint64_t, ResourceIndex>> by_address;
    for (ResourceIndex i = 0; i < snapshot_.resources.size(); ++i) {
      if (snapshot_.resources[i].address != 0) {
        by_address.emplace_back(snapshot_.resources[i].address, i);
      }
    }
    std::sort(by_address.begin(), by_address.end());
    for (uint32_t i = 0; i < recorder::kMaxResources; ++i) {
      uint64_t address;
      if (!GuardedCopy(&region_->resources[i].address, &address, 1)) return;
      auto found = std::lower_bound(by_address.begin(), by_address.end(),
                                    std::make_pair(address, ResourceIndex{0}));
      if (address == 0 || found == by_address.end() || found->first != address) continue;
      Copied<ResourceRecord> record;
      if (!Copy(&region_->resources[i], &record, sizeof(ResourceRecord))) return;
      if (record->address.load() != address) continue;
      Resource& resource = snapshot_.resources[found->second];
      resource.name = snapshot_.AddName(CheckedName(record->name));
      resource.creation_site = record->site.load();
      resource.created_at = snapshot_.AddStack(SiteStack(resource.creation_site));
    }
  }

  const Region* const region_;
  const size_t mapped_bytes_;
  const int32_t pid_;
  Snapshot snapshot_;
  ResourceTable table_{&snapshot_.resources};
  std::vector<uint32_t> slot_of_;  // by ThreadIndex
  uint32_t misuses_told_ = 0;
};

std::unique_ptr<RegionReader> Refuse(std::string* error, const std::string& path,
                                     const std::string& why) {
  *error = "cannot read region " + path + ": " + why;
  return nullptr;
}

}  // namespace

std::unique_ptr<RegionReader> RegionReader::Open(const std::string& path, std::string* error) {
  int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return Refuse(error, path, strerror(errno));
  struct stat info;
  void* memory = MAP_FAILED;
  bool is_whole = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
                  info.st_size == static_cast<off_t>(sizeof(Region));
  if (is_whole) memory = mmap(nullptr, sizeof(Region), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (!is_whole) return Refuse(error, path, "it is not whole");
  if (memory == MAP_FAILED) return Refuse(error, path, strerror(errno));

  const Region* region = static_cast<const Region*>(memory);
  EnableGuardedCopy();
  Copied<Header> header;
  bool valid = GuardedCopy(&region->header, header.bytes, sizeof(Header) / sizeof(uint64_t)) &&
               header->ready.load() == 1 && header->magic == recorder::kRegionMagic &&
               header->version == recorder::kRegionVersion &&
               header->thread_capacity == kMaxThreads && header->total_bytes == sizeof(Region);
  if (!valid) {
    munmap(memory, sizeof(Region));
    return Refuse(error, path, "it is not a region of this version");
  }
  return std::make_unique<MappedRegionReader>(region, sizeof(Region), header->pid);
}

std::unique_ptr<RegionReader> RegionReader::OfThisProcess() {
  const Region* region = recorder::CurrentRegion();
  if (region == nullptr) return nullptr;
  return std::make_unique<MappedRegionReader>(region, 0, getpid());
}

}  // namespace detect
