#include "libdetect/analysis/needs.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "libdetect/base/kinds.h"

namespace detect {
namespace {

class Finder {
 public:
  explicit Finder(const Snapshot& snapshot)
      : snapshot_(snapshot),
        rules_(snapshot.threads.size(), Rule::kAllOf),
        resource_(snapshot.threads.size(), kNoResource),
        owner_gate_(snapshot.resources.size(), kNoNode),
        write_gate_(snapshot.resources.size(), kNoNode),
        any_member_gate_(snapshot.resources.size(), kNoNode),
        members_(snapshot.resources.size()),
        owner_(snapshot.resources.size(), kNoThread),
        holds_its_relock_(snapshot.threads.size()) {}

  NeedsOfThreads Find() {
    needs_.reserve(2 * snapshot_.threads.size() + snapshot_.holds.size());
    anyone_ = AddGate(Rule::kAllOf, kNoResource);
    AddNeed(anyone_, anyone_);
    FindOwners();
    for (ThreadIndex thread = 0; thread < snapshot_.threads.size(); ++thread) AddThread(thread);
    AddLinesAtRwLocks();
    AddHolders();
    return {AndOrGraph(std::move(rules_), needs_), anyone_, std::move(ended_),
            std::move(deadlines_), std::move(resource_)};
  }

 private:
  // One wait for an rwlock that lets writers go first.
  struct InLine {
    ResourceIndex resource;
    int64_t since_ns;
    uint32_t thread_id;
    ThreadIndex thread;
    AccessMode mode;

    bool operator<(const InLine& other) const {
      return std::tie(resource, since_ns, thread_id, thread) <
             std::tie(other.resource, other.since_ns, other.thread_id, other.thread);
    }
  };

  Node AddGate(Rule rule, ResourceIndex resource) {
    rules_.push_back(rule);
    resource_.push_back(resource);
    return static_cast<Node>(rules_.size() - 1);
  }

  void AddNeed(Node node, Node need) { needs_.push_back({node, need}); }

  bool IsThread(ThreadIndex thread) const { return thread < snapshot_.threads.size(); }
  bool IsResource(ResourceIndex resource) const { return resource < snapshot_.resources.size(); }

  // Opens when there is no exclusive holder any more. Made when it is first needed, as below.
  Node OwnerGate(ResourceIndex resource) {
    Node& gate = owner_gate_[resource];
    if (gate == kNoNode) gate = AddGate(Rule::kAnyOf, resource);
    return gate;
  }

  // Opens when there are no readers either.
  Node WriteGate(ResourceIndex resource) {
    Node& gate = write_gate_[resource];
    if (gate == kNoNode) {
      gate = AddGate(Rule::kAllOf, resource);
      AddNeed(gate, OwnerGate(resource));
    }
    return gate;
  }

  // Opens when one of the members can act.
  Node AnyMemberGate(ResourceIndex resource) {
    Node& gate = any_member_gate_[resource];
    if (gate == kNoNode) gate = AddGate(Rule::kAnyOf, kNoResource);
    return gate;
  }

  Node GateFor(ResourceIndex resource, AccessMode mode) {
    bool writes = snapshot_.resources[resource].kind == ResourceKind::kRwLock &&
                  mode == AccessMode::kExclusive;
    return writes ? WriteGate(resource) : OwnerGate(resource);
  }

  // And who holds the very mutex that its condition wait takes again. A recursive one taken twice
  // is given up only once, and a record may be older than the wait: neither is in the thread's own
  // way.
  void FindOwners() {
    for (const Hold& hold : snapshot_.holds) {
      if (!IsThread(hold.thread) || !IsResource(hold.resource)) continue;
      if (hold.mode == AccessMode::kExclusive) {
        ThreadIndex& owner = owner_[hold.resource];
        owner = owner == kNoThread || owner == hold.thread ? hold.thread : kSeveral;
      }
      if (hold.mode == AccessMode::kMember) members_[hold.resource] += hold.count;
      const Thread& thread = snapshot_.threads[hold.thread];
      if (thread.wait && thread.wait->relock == hold.resource) {
        holds_its_relock_[hold.thread] = true;
      }
    }
  }

  void AddThread(ThreadIndex index) {
    const Thread& thread = snapshot_.threads[index];
    if (thread.state == ThreadState::kEnded) {
      AddNeed(index, index);
      ended_.push_back(index);
    }
    if (thread.state != ThreadState::kWaiting || !thread.wait) return;
    const Wait& wait = *thread.wait;
    if (IsResource(wait.resource)) AddWait(index, wait);
    if (IsResource(wait.relock) && !holds_its_relock_[index]) {
      AddNeed(index, GateFor(wait.relock, AccessMode::kExclusive));
    }
  }

  void AddWait(ThreadIndex index, const Wait& wait) {
    const Resource& resource = snapshot_.resources[wait.resource];
    switch (resource.kind) {
      case ResourceKind::kMutex:
      case ResourceKind::kOnce:
        AddMutexWait(index, wait);
        return;
      case ResourceKind::kRwLock:
        if (resource.preference == RwPreference::kReaders) {
          AddOwnedWait(index, wait, GateFor(wait.resource, wait.mode));
        } else {
          in_line_.push_back(
              {wait.resource, wait.since_ns, snapshot_.threads[index].id, index, wait.mode});
        }
        return;
      case ResourceKind::kThread:
        if (IsThread(resource.thread) &&
            snapshot_.threads[resource.thread].state != ThreadState::kEnded) {
          AddOwnedWait(index, wait, resource.thread);
        }
        return;
      case ResourceKind::kFuture:
        AddFutureWait(index, wait);
        return;
      case ResourceKind::kSemaphore:
        // Who has just taken a permit may not be on record yet.
        if (wait.permits != 0 && members_[wait.resource] == wait.permits) {
          AddOwnedWait(index, wait, AnyMemberGate(wait.resource));
        } else {
          AddWaitForAnyone(index, wait);
        }
        return;
      case ResourceKind::kPool:
      case ResourceKind::kCondition:
      case ResourceKind::kLatch:
      case ResourceKind::kBarrier:
      case ResourceKind::kExchange:
      case ResourceKind::kUnknown:
        AddWaitForAnyone(index, wait);
        return;
    }
  }

  void AddWaitForAnyone(ThreadIndex index, const Wait& wait) {
    if (!wait.has_deadline) AddNeed(index, anyone_);
  }

  // A future whose task runs has an owner. Else it is the members of its pool that may end the
  // wait, where the wait says that nobody else does.
  void AddFutureWait(ThreadIndex index, const Wait& wait) {
    if (owner_[wait.resource] != kNoThread) {
      AddMutexWait(index, wait);
    } else if (IsResource(wait.pool) && members_[wait.pool] > 0) {
      AddOwnedWait(index, wait, AnyMemberGate(wait.pool));
    } else {
      AddWaitForAnyone(index, wait);
    }
  }

  // The usual mutex has one owner, and the usual need no gate.
  void AddMutexWait(ThreadIndex index, const Wait& wait) {
    ThreadIndex owner = owner_[wait.resource];
    if (owner == kNoThread) return;
    AddOwnedWait(index, wait, owner == kSeveral ? OwnerGate(wait.resource) : owner);
  }

  void AddOwnedWait(ThreadIndex index, const Wait& wait, Node need) {
    Node waiter = index;
    if (wait.has_deadline) {
      waiter = AddGate(Rule::kAllOf, wait.resource);
      AddNeed(index, waiter);
      deadlines_.push_back(waiter);
    }
    AddNeed(waiter, need);
  }

  // A reader needs every writer before it. So that this stays linear, each writer adds a gate that
  // needs the writer and the gate before; the reader needs only the last.
  void AddLinesAtRwLocks() {
    std::sort(in_line_.begin(), in_line_.end());
    Node last = kNoNode;
    for (size_t i = 0; i < in_line_.size(); ++i) {
      const InLine& place = in_line_[i];
      const Wait& wait = *snapshot_.threads[place.thread].wait;
      bool is_first = i == 0 || in_line_[i - 1].resource != place.resource;
      if (is_first) last = OwnerGate(place.resource);
      if (place.mode == AccessMode::kShared) {
        AddOwnedWait(place.thread, wait, last);
      } else {
        AddOwnedWait(place.thread, wait, WriteGate(place.resource));
        Node behind = AddGate(Rule::kAllOf, place.resource);
        AddNeed(behind, place.thread);
        AddNeed(behind, last);
        last = behind;
      }
    }
  }

  // Only gates that somebody waits at exist by now; other locks matter to no one.
  void AddHolders() {
    const bool has_gates = rules_.size() > snapshot_.threads.size() + 1;  // besides `anyone_`
    if (!has_gates) return;
    for (const Hold& hold : snapshot_.holds) {
      if (!IsThread(hold.thread) || !IsResource(hold.resource)) continue;
      if (hold.mode == AccessMode::kMember) {
        AddHolder(any_member_gate_, hold);
      } else {
        AddHolder(hold.mode == AccessMode::kExclusive ? owner_gate_ : write_gate_, hold);
      }
    }
  }

  void AddHolder(const std::vector<Node>& gates, const Hold& hold) {
    Node gate = gates[hold.resource];
    if (gate != kNoNode) AddNeed(gate, hold.thread);
  }

  static constexpr ThreadIndex kSeveral = kNoThread - 1;

  const Snapshot& snapshot_;
  std::vector<Rule> rules_;              // by node
  std::vector<ResourceIndex> resource_;  // by node
  std::vector<Node> owner_gate_;         // by resource
  std::vector<Node> write_gate_;         // by resource
  std::vector<Node> any_member_gate_;    // by resource
  std::vector<uint64_t> members_;        // by resource
  std::vector<ThreadIndex> owner_;       // by resource: its exclusive holder, kNoThread, kSeveral
  std::vector<bool> holds_its_relock_;   // by thread
  std::vector<Need> needs_;
  std::vector<InLine> in_line_;
  Node anyone_ = kNoNode;
  std::vector<Node> ended_;
  std::vector<Node> deadlines_;
};

}  // namespace

NeedsOfThreads FindNeeds(const Snapshot& snapshot) { return Finder(snapshot).Find(); }

}  // namespace detect
