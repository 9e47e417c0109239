#include "libdetect/analysis/wait_for_graph.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "libdetect/analysis/and_or_graph.h"
#include "libdetect/analysis/knots.h"
#include "libdetect/analysis/needs.h"

namespace detect {
namespace {

// One snapshot, three passes over the same graph. They differ in whom they take for able to act:
//
//                  anyone           ended threads   deadlines
//   proven         yes              yes             yes         what is dead stays so regardless
//   suspected      who is live      no              yes         what two guesses add
//   temporary      yes              yes             no          what only time resolves
//
// A thread that is dead in one pass is settled: the later ones tell nothing new of it.
class Decision {
 public:
  explicit Decision(const Snapshot& snapshot)
      : snapshot_(snapshot),
        needs_(FindNeeds(snapshot)),
        threads_(static_cast<Node>(snapshot.threads.size())),
        settled_(needs_.graph.size()) {}

  std::vector<Deadlock> Make() {
    SettleProven();
    // A pass that trusts no less than the first would find no more.
    bool needs_anyone = needs_.graph.NeededBy(needs_.anyone).size() > 1;  // than by itself
    if (needs_anyone || !needs_.ended.empty()) SettleSuspected();
    if (!needs_.deadlines.empty()) SettleTemporary();
    return std::move(deadlocks_);
  }

 private:
  void SettleProven() {
    Liveness liveness(needs_.graph);
    liveness.Grant(needs_.anyone);
    GrantAll(needs_.ended, liveness);
    GrantAll(needs_.deadlines, liveness);
    Settle(liveness, Verdict::kProven);
  }

  void SettleSuspected() {
    Liveness liveness(needs_.graph);
    GrantAll(needs_.deadlines, liveness);
    if (snapshot_.unseen_threads > 0 || HasLiveThread(liveness)) liveness.Grant(needs_.anyone);
    Settle(liveness, Verdict::kSuspected);
  }

  void SettleTemporary() {
    Liveness liveness(needs_.graph);
    liveness.Grant(needs_.anyone);
    GrantAll(needs_.ended, liveness);
    Settle(liveness, Verdict::kTemporary);
  }

  static void GrantAll(const std::vector<Node>& nodes, Liveness& liveness) {
    for (Node node : nodes) liveness.Grant(node);
  }

  bool HasLiveThread(const Liveness& liveness) const {
    for (ThreadIndex thread = 0; thread < threads_; ++thread) {
      if (liveness.IsLive(thread)) return true;
    }
    return false;
  }

  // A deadlock in the making, and the nodes that a thread behind it needs.
  struct Group {
    Deadlock deadlock;
    std::vector<Node> front;
  };

  // Adds what `liveness` leaves dead. All members are found before any queue, so that a thread that
  // is a member of one deadlock and also queues at another counts as a member.
  void Settle(const Liveness& liveness, Verdict verdict) {
    std::vector<std::vector<Node>> knots = FindKnots(needs_.graph, liveness, settled_);
    if (!knots.empty()) {
      placed_ = settled_;
      for (Node node = 0; node < needs_.graph.size(); ++node) {
        if (liveness.IsLive(node)) placed_[node] = true;
      }
      std::vector<Group> groups =
          verdict == Verdict::kSuspected ? GroupsWithoutCycle(knots) : Groups(knots, liveness);
      for (Group& group : groups) {
        group.deadlock.verdict = verdict;
        AddQueue(group);
        deadlocks_.push_back(std::move(group.deadlock));
      }
    }
    // A gate is not settled: other threads may be what keeps it shut in a later pass.
    for (ThreadIndex thread = 0; thread < threads_; ++thread) {
      if (!liveness.IsLive(thread)) settled_[thread] = true;
    }
  }

  std::vector<Group> Groups(const std::vector<std::vector<Node>>& knots, const Liveness& liveness) {
    std::vector<Group> groups;
    CycleFinder finder(needs_.graph, liveness, threads_);
    for (const std::vector<Node>& knot : knots) {
      for (Node node : knot) placed_[node] = true;
      Deadlock deadlock;
      deadlock.members.assign(knot.begin(), std::lower_bound(knot.begin(), knot.end(), threads_));
      deadlock.cycle = Arrows(finder.Find(knot));
      groups.push_back({std::move(deadlock), knot});
    }
    return groups;
  }

  // In this pass a knot that consists of threads would be one already without the guesses, thus
  // settled. So each is one of the two that need themselves: an ended thread, or `anyone`.
  std::vector<Group> GroupsWithoutCycle(const std::vector<std::vector<Node>>& knots) {
    std::vector<Group> groups;
    for (const std::vector<Node>& knot : knots) {
      assert(knot.size() == 1);
      std::vector<BlockedBy> sleepers = DirectlyBehind(knot.front());
      if (sleepers.empty()) continue;
      Group group;
      group.deadlock.guess = knot.front() == needs_.anyone ? Guess::kNobodyElseNotifies
                                                           : Guess::kEndedThreadKeepsItsLocks;
      group.deadlock.cycle = {sleepers.front()};
      for (const BlockedBy& sleeper : sleepers) group.deadlock.members.push_back(sleeper.thread);
      group.front = group.deadlock.members;
      groups.push_back(std::move(group));
    }
    return groups;
  }

  // Places the threads between which and `cause` there are only gates, in ascending order.
  std::vector<BlockedBy> DirectlyBehind(Node cause) {
    ThreadIndex blocker = cause == needs_.anyone ? kNoThread : cause;
    std::vector<BlockedBy> threads;
    placed_[cause] = true;
    std::vector<Node> work = {cause};
    while (!work.empty()) {
      Node need = work.back();
      work.pop_back();
      for (Node node : needs_.graph.NeededBy(need)) {
        if (placed_[node]) continue;
        placed_[node] = true;
        if (node < threads_) {
          threads.push_back({node, WaitedFor(node, need), blocker});
        } else {
          work.push_back(node);
        }
      }
    }
    std::sort(threads.begin(), threads.end(),
              [](const BlockedBy& a, const BlockedBy& b) { return a.thread < b.thread; });
    return threads;
  }

  // Places all that is left behind the group. The first group that reaches a thread has it.
  void AddQueue(Group& group) {
    std::vector<Node> work = std::move(group.front);
    while (!work.empty()) {
      Node need = work.back();
      work.pop_back();
      for (Node node : needs_.graph.NeededBy(need)) {
        if (placed_[node]) continue;
        placed_[node] = true;
        if (node < threads_) group.deadlock.queued.push_back(node);
        work.push_back(node);
      }
    }
    std::sort(group.deadlock.queued.begin(), group.deadlock.queued.end());
  }

  std::vector<BlockedBy> Arrows(const std::vector<CycleStep>& cycle) const {
    std::vector<BlockedBy> arrows;
    for (size_t i = 0; i < cycle.size(); ++i) {
      auto [thread, need] = cycle[i];
      arrows.push_back({thread, WaitedFor(thread, need), cycle[(i + 1) % cycle.size()].node});
    }
    return arrows;
  }

  // What `thread` waits for where it needs `need`: a gate's resource, else the wait's own.
  ResourceIndex WaitedFor(ThreadIndex thread, Node need) const {
    ResourceIndex gate_of = needs_.resource[need];
    return gate_of != kNoResource ? gate_of : snapshot_.threads[thread].wait->resource;
  }

  const Snapshot& snapshot_;
  const NeedsOfThreads needs_;
  const Node threads_;  // nodes below are threads, those from here on are gates
  NodeSet settled_;
  NodeSet placed_;  // in the pass at work: live, settled, or already in a group
  std::vector<Deadlock> deadlocks_;
};

bool IsWaiting(const Thread& thread) { return thread.state == ThreadState::kWaiting; }

}  // namespace

std::vector<Deadlock> FindDeadlocks(const Snapshot& snapshot) {
  if (std::none_of(snapshot.threads.begin(), snapshot.threads.end(), IsWaiting)) return {};
  return Decision(snapshot).Make();
}

}  // namespace detect
