#include "tests/testing/snapshot_builder.h"

#include <string>
#include <utility>

namespace detect {
namespace {

constexpr int32_t kPid = 1000;
constexpr int64_t kFirstWaitNs = 5'000'000'000;
constexpr int64_t kTakenNs = 10'000'000'000;
constexpr int64_t kMillisecondNs = 1'000'000;

Thread NewThread(NameIndex name, ThreadIndex index) {
  Thread thread;
  thread.id = index + 1;
  thread.tid = kPid + 1 + static_cast<int32_t>(index);
  thread.name = name;
  return thread;
}

Resource NewResource(NameIndex name, ResourceIndex index, ResourceKind kind) {
  Resource resource;
  resource.kind = kind;
  resource.address = kind == ResourceKind::kThread ? 0 : 0x5000 + 0x40 * uint64_t{index};
  resource.name = name;
  return resource;
}

}  // namespace

SnapshotBuilder::SnapshotBuilder() {
  snapshot_.pid = kPid;
  snapshot_.taken_ns = kTakenNs;
}

ThreadIndex SnapshotBuilder::thread(const std::string& name) {
  auto [entry, is_new] = threads_.try_emplace(name, snapshot_.threads.size());
  if (is_new) snapshot_.threads.push_back(NewThread(snapshot_.AddName(name), entry->second));
  return entry->second;
}

ResourceIndex SnapshotBuilder::resource(const std::string& name) {
  auto [entry, is_new] = resources_.try_emplace(name, snapshot_.resources.size());
  if (is_new) {
    snapshot_.resources.push_back(
        NewResource(snapshot_.AddName(name), entry->second, ResourceKind::kMutex));
  }
  return entry->second;
}

SnapshotBuilder& SnapshotBuilder::Runs(const std::string& name) {
  thread(name);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Ended(const std::string& name) {
  snapshot_.threads[thread(name)].state = ThreadState::kEnded;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Unseen(uint32_t threads) {
  snapshot_.unseen_threads = threads;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::RwLock(const std::string& lock, RwPreference preference) {
  Resource& made = snapshot_.resources[resource(lock)];
  made.kind = ResourceKind::kRwLock;
  made.preference = preference;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Unknown(const std::string& name) {
  snapshot_.resources[resource(name)].kind = ResourceKind::kUnknown;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Kind(const std::string& name, ResourceKind kind) {
  snapshot_.resources[resource(name)].kind = kind;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Holds(const std::string& name, const std::string& lock) {
  AddHold(name, lock, AccessMode::kExclusive);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Reads(const std::string& name, const std::string& lock) {
  AddHold(name, lock, AccessMode::kShared);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Waits(const std::string& name, const std::string& lock) {
  StartWait(name, resource(lock), AccessMode::kExclusive);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::WaitsUntil(const std::string& name, const std::string& lock,
                                             std::chrono::nanoseconds) {
  StartWait(name, resource(lock), AccessMode::kExclusive).has_deadline = true;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::WaitsToRead(const std::string& name, const std::string& lock) {
  StartWait(name, resource(lock), AccessMode::kShared);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::WaitsToReadUntil(const std::string& name, const std::string& lock,
                                                   std::chrono::nanoseconds) {
  StartWait(name, resource(lock), AccessMode::kShared).has_deadline = true;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::IsMember(const std::string& name, const std::string& lock) {
  AddHold(name, lock, AccessMode::kMember);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::WaitsForPermit(const std::string& name,
                                                 const std::string& semaphore, uint32_t permits) {
  const ResourceIndex waited = resource(semaphore);
  snapshot_.resources[waited].kind = ResourceKind::kSemaphore;
  StartWait(name, waited, AccessMode::kMember).permits = permits;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::WaitsForMember(const std::string& name, const std::string& waited,
                                                 const std::string& pool) {
  const ResourceIndex members = resource(pool);
  StartWait(name, resource(waited), AccessMode::kExclusive).pool = members;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Joins(const std::string& name, const std::string& target) {
  thread(name);  // so that it is made before its target
  ThreadIndex joined = thread(target);
  ResourceIndex end = resource("the end of " + target);
  snapshot_.resources[end] = NewResource(0, end, ResourceKind::kThread);
  snapshot_.resources[end].thread = joined;
  StartWait(name, end, AccessMode::kExclusive);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::JoinsUntil(const std::string& name, const std::string& target,
                                             std::chrono::nanoseconds) {
  Joins(name, target);
  snapshot_.threads[thread(name)].wait->has_deadline = true;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::WaitsOnCondition(const std::string& name,
                                                   const std::string& condition,
                                                   const std::string& relock) {
  ResourceIndex waited = resource(condition);
  snapshot_.resources[waited].kind = ResourceKind::kCondition;
  Wait& wait = StartWait(name, waited, AccessMode::kExclusive);
  if (!relock.empty()) wait.relock = resource(relock);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::WaitsOnConditionUntil(const std::string& name,
                                                        const std::string& condition,
                                                        const std::string& relock,
                                                        std::chrono::nanoseconds) {
  WaitsOnCondition(name, condition, relock);
  snapshot_.threads[thread(name)].wait->has_deadline = true;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::WaitStack(const std::string& name, Stack stack) {
  snapshot_.threads[thread(name)].wait.value().stack = snapshot_.AddStack(std::move(stack));
  return *this;
}

SnapshotBuilder& SnapshotBuilder::HoldStack(const std::string& name, const std::string& lock,
                                            Stack stack) {
  const StackIndex added = snapshot_.AddStack(std::move(stack));
  for (Hold& hold : snapshot_.holds) {
    if (hold.thread == thread(name) && hold.resource == resource(lock)) hold.stack = added;
  }
  return *this;
}

SnapshotBuilder& SnapshotBuilder::CreationStack(const std::string& lock, Stack stack) {
  snapshot_.resources[resource(lock)].created_at = snapshot_.AddStack(std::move(stack));
  return *this;
}

Wait& SnapshotBuilder::StartWait(const std::string& name, ResourceIndex waited, AccessMode mode) {
  if (mode == AccessMode::kShared) snapshot_.resources[waited].kind = ResourceKind::kRwLock;
  Thread& waiter = snapshot_.threads[thread(name)];
  waiter.state = ThreadState::kWaiting;
  Wait& wait = waiter.wait.emplace();
  wait.resource = waited;
  wait.mode = mode;
  wait.sequence = 1;
  int64_t waits = 0;
  for (const Thread& other : snapshot_.threads) waits += other.wait.has_value() ? 1 : 0;
  wait.since_ns = kFirstWaitNs + (waits - 1) * kMillisecondNs;
  return wait;
}

void SnapshotBuilder::AddHold(const std::string& name, const std::string& lock, AccessMode mode) {
  Hold hold;
  hold.thread = thread(name);
  hold.resource = resource(lock);
  hold.mode = mode;
  if (mode == AccessMode::kShared) snapshot_.resources[hold.resource].kind = ResourceKind::kRwLock;
  snapshot_.holds.push_back(hold);
}

Snapshot RingOfMutexes(uint32_t threads) {
  Snapshot ring;
  ring.pid = kPid;
  ring.taken_ns = kTakenNs;
  for (uint32_t i = 0; i < threads; ++i) {
    Thread thread = NewThread(ring.AddName("t" + std::to_string(i)), i);
    thread.state = ThreadState::kWaiting;
    Wait& wait = thread.wait.emplace();
    wait.resource = (i + 1) % threads;
    wait.since_ns = kFirstWaitNs + i;
    ring.threads.push_back(thread);
    ring.resources.push_back(
        NewResource(ring.AddName("m" + std::to_string(i)), i, ResourceKind::kMutex));
    Hold hold;
    hold.thread = i;
    hold.resource = i;
    ring.holds.push_back(hold);
  }
  return ring;
}

}  // namespace detect
