// FindDeadlocks against its definition: every small configuration, and many generated ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/base/kinds.h"
#include "libdetect/snapshot/snapshot.h"
#include "tests/unit/analysis/liveness_oracle.h"

namespace detect {
namespace {

std::string Describe(const Snapshot& snapshot) {
  std::ostringstream out;
  for (size_t r = 0; r < snapshot.resources.size(); ++r) {
    const Resource& resource = snapshot.resources[r];
    out << "r" << r << " " << ResourceKindName(resource.kind);
    if (resource.kind == ResourceKind::kThread) out << " t" << int(resource.thread);
    if (resource.preference == RwPreference::kWriters) out << ", writers first";
    out << "\n";
  }
  for (const Hold& hold : snapshot.holds) {
    constexpr const char* kVerbs[kAccessModeCount] = {" holds r", " reads r", " is a member of r"};
    out << "t" << hold.thread << kVerbs[static_cast<int>(hold.mode)] << hold.resource << "\n";
  }
  for (size_t t = 0; t < snapshot.threads.size(); ++t) {
    const Thread& thread = snapshot.threads[t];
    if (thread.state == ThreadState::kEnded) out << "t" << t << " ended\n";
    if (thread.state != ThreadState::kWaiting) continue;
    const Wait& wait = *thread.wait;
    out << "t" << t << " (id " << thread.id << ") waits for r" << wait.resource
        << (wait.mode == AccessMode::kShared ? " to read" : "") << ", since " << wait.since_ns
        << (wait.has_deadline ? ", with a deadline" : "");
    if (wait.relock != kNoResource) out << ", then r" << wait.relock;
    if (wait.pool != kNoResource) out << ", of pool r" << wait.pool;
    if (wait.permits != 0) out << ", of " << wait.permits << " permits";
    out << "\n";
  }
  out << snapshot.unseen_threads << " unseen\n";
  return out.str();
}

std::string Describe(const std::vector<Deadlock>& deadlocks) {
  std::ostringstream out;
  for (const Deadlock& deadlock : deadlocks) {
    out << "verdict " << int(deadlock.verdict) << " guess " << int(deadlock.guess) << " members";
    for (ThreadIndex thread : deadlock.members) out << " t" << thread;
    out << " queued";
    for (ThreadIndex thread : deadlock.queued) out << " t" << thread;
    out << "\n";
  }
  return out.str();
}

// The fewest arrows that lead from some member back to itself, by way of another if there is one.
size_t ShortestCycle(const std::vector<BlockedBy>& arrows,
                     const std::vector<ThreadIndex>& members) {
  std::map<ThreadIndex, std::set<ThreadIndex>> reached;  // after `length` arrows
  for (ThreadIndex member : members) reached[member] = {member};
  for (size_t length = 1; length <= members.size(); ++length) {
    for (auto& [member, ends] : reached) {
      std::set<ThreadIndex> next;
      for (const BlockedBy& arrow : arrows) {
        if (members.size() > 1 && arrow.blocker == arrow.thread) continue;
        if (ends.count(arrow.thread) > 0) next.insert(arrow.blocker);
      }
      if (next.count(member) > 0) return length;
      ends = next;
    }
  }
  return 0;
}

void ExpectSoundCycle(const Snapshot& snapshot, const Deadlock& deadlock) {
  std::vector<BlockedBy> arrows = OracleArrows(snapshot, TrustOf(deadlock.verdict));
  const std::vector<BlockedBy>& cycle = deadlock.cycle;
  ASSERT_FALSE(cycle.empty());
  for (size_t i = 0; i < cycle.size(); ++i) {
    EXPECT_NE(std::find(arrows.begin(), arrows.end(), cycle[i]), arrows.end())
        << "t" << cycle[i].thread << " needs no t" << cycle[i].blocker << " for r"
        << cycle[i].resource;
    EXPECT_TRUE(
        std::binary_search(deadlock.members.begin(), deadlock.members.end(), cycle[i].thread));
    EXPECT_GE(cycle[i].thread, cycle[0].thread);
    if (deadlock.verdict == Verdict::kSuspected) continue;
    EXPECT_EQ(cycle[i].blocker, cycle[(i + 1) % cycle.size()].thread);
  }
  size_t shortest =
      deadlock.verdict == Verdict::kSuspected ? 1 : ShortestCycle(arrows, deadlock.members);
  EXPECT_EQ(cycle.size(), shortest);
}

bool HasDeadlineInside(const Snapshot& snapshot, const Deadlock& deadlock) {
  return std::any_of(deadlock.members.begin(), deadlock.members.end(), [&](ThreadIndex member) {
    return snapshot.threads[member].wait->has_deadline;
  });
}

// Returns what was found, once it has been compared with what should be.
std::vector<Deadlock> ExpectAgreement(const Snapshot& snapshot) {
  std::vector<Deadlock> found = FindDeadlocks(snapshot);
  EXPECT_EQ(Describe(found), Describe(OracleDeadlocks(snapshot)));
  for (const Deadlock& deadlock : found) {
    ExpectSoundCycle(snapshot, deadlock);
    if (deadlock.verdict == Verdict::kTemporary) {
      EXPECT_TRUE(HasDeadlineInside(snapshot, deadlock));
    }
  }
  if (testing::Test::HasFailure()) ADD_FAILURE() << "the snapshot was\n" << Describe(snapshot);
  return found;
}

// How often each verdict came up: a comparison of nothing with nothing proves nothing.
using Tally = std::map<Verdict, int>;

void Compare(const Snapshot& snapshot, Tally& tally) {
  for (const Deadlock& deadlock : ExpectAgreement(snapshot)) ++tally[deadlock.verdict];
}

Snapshot Blank(uint32_t threads, uint32_t resources, ResourceKind kind) {
  Snapshot snapshot;
  snapshot.threads.resize(threads);
  for (uint32_t t = 0; t < threads; ++t) snapshot.threads[t].id = t + 1;
  snapshot.resources.resize(resources);
  for (Resource& resource : snapshot.resources) resource.kind = kind;
  return snapshot;
}

Wait& StartWait(Thread& thread, ResourceIndex resource) {
  thread.state = ThreadState::kWaiting;
  Wait& wait = thread.wait.emplace();
  wait.resource = resource;
  return wait;
}

void AddHold(Snapshot& snapshot, ThreadIndex thread, ResourceIndex resource, AccessMode mode) {
  Hold hold;
  hold.thread = thread;
  hold.resource = resource;
  hold.mode = mode;
  snapshot.holds.push_back(hold);
}

// Takes the next digit, in base `base`, off `number`: one number stands for one configuration.
uint32_t TakeDigit(uint32_t& number, uint32_t base) {
  uint32_t digit = number % base;
  number /= base;
  return digit;
}

TEST(WaitForGraphOracle, AgreesOnEveryConfigurationOfThreeThreadsAndTwoMutexes) {
  constexpr uint32_t kThreads = 3;
  constexpr ResourceIndex kCondition = 2;
  constexpr ResourceIndex kFirstThread = 3;
  constexpr uint32_t kActivities = 12;
  Tally tally;

  for (uint32_t code = 0; code < 4 * 4 * kActivities * kActivities * kActivities; ++code) {
    uint32_t digits = code;
    Snapshot s = Blank(kThreads, kFirstThread + kThreads, ResourceKind::kMutex);
    s.resources[kCondition].kind = ResourceKind::kCondition;
    for (uint32_t t = 0; t < kThreads; ++t) {
      s.resources[kFirstThread + t].kind = ResourceKind::kThread;
      s.resources[kFirstThread + t].thread = t;
    }
    for (ResourceIndex mutex = 0; mutex < 2; ++mutex) {
      uint32_t holder = TakeDigit(digits, kThreads + 1);
      if (holder < kThreads) AddHold(s, holder, mutex, AccessMode::kExclusive);
    }
    for (Thread& thread : s.threads) {
      uint32_t activity = TakeDigit(digits, kActivities);
      if (activity == 1) thread.state = ThreadState::kEnded;
      if (activity >= 2 && activity < 8) StartWait(thread, activity - 2);
      if (activity >= 8 && activity < 10) StartWait(thread, activity - 8).has_deadline = true;
      if (activity >= 10) StartWait(thread, kCondition).relock = activity - 10;
    }
    Compare(s, tally);
    if (HasFailure()) return;
  }
  EXPECT_GT(tally[Verdict::kProven], 1000);
  EXPECT_GT(tally[Verdict::kSuspected], 1000);
  EXPECT_GT(tally[Verdict::kTemporary], 1000);
}

TEST(WaitForGraphOracle, AgreesOnEveryConfigurationOfThreeThreadsAndOneRwLock) {
  constexpr uint32_t kThreads = 3;
  constexpr uint32_t kActivities = 6;
  Tally tally;

  for (uint32_t code = 0; code < 2 * 6 * 12 * kActivities * kActivities * kActivities; ++code) {
    uint32_t digits = code;
    Snapshot s = Blank(kThreads, 1, ResourceKind::kRwLock);
    s.resources[0].preference = RwPreference{static_cast<uint8_t>(TakeDigit(digits, 2))};
    std::vector<int64_t> began = {0, 1, 2};
    for (uint32_t i = TakeDigit(digits, 6); i > 0; --i) {
      std::next_permutation(began.begin(), began.end());
    }
    uint32_t holders = TakeDigit(digits, 12);  // a set of readers, one writer, or two on record
    for (uint32_t t = 0; t < kThreads; ++t) {
      if (holders < 8 && (holders >> t & 1) != 0) AddHold(s, t, 0, AccessMode::kShared);
      if (holders == 8 + t || (holders == 11 && t > 0)) AddHold(s, t, 0, AccessMode::kExclusive);
    }
    for (uint32_t t = 0; t < kThreads; ++t) {
      uint32_t activity = TakeDigit(digits, kActivities);
      if (activity == 1) s.threads[t].state = ThreadState::kEnded;
      if (activity < 2) continue;
      Wait& wait = StartWait(s.threads[t], 0);
      wait.mode = activity % 2 == 0 ? AccessMode::kExclusive : AccessMode::kShared;
      wait.has_deadline = activity >= 4;
      wait.since_ns = began[t];
    }
    Compare(s, tally);
    if (HasFailure()) return;
  }
  EXPECT_GT(tally[Verdict::kProven], 1000);
  EXPECT_GT(tally[Verdict::kSuspected], 1000);
  EXPECT_GT(tally[Verdict::kTemporary], 1000);
}

TEST(WaitForGraphOracle, AgreesOnEveryConfigurationOfThreeThreadsAPoolAndTwoFutures) {
  constexpr uint32_t kThreads = 3;
  constexpr ResourceIndex kPool = 2;
  constexpr uint32_t kActivities = 9;
  Tally tally;

  for (uint32_t code = 0; code < 8 * 4 * 4 * kActivities * kActivities * kActivities; ++code) {
    uint32_t digits = code;
    Snapshot s = Blank(kThreads, 3, ResourceKind::kFuture);
    s.resources[kPool].kind = ResourceKind::kPool;
    uint32_t members = TakeDigit(digits, 8);
    for (uint32_t t = 0; t < kThreads; ++t) {
      if ((members >> t & 1) != 0) AddHold(s, t, kPool, AccessMode::kMember);
    }
    for (ResourceIndex future = 0; future < 2; ++future) {
      uint32_t runner = TakeDigit(digits, kThreads + 1);
      if (runner < kThreads) AddHold(s, runner, future, AccessMode::kExclusive);
    }
    for (Thread& thread : s.threads) {
      uint32_t activity = TakeDigit(digits, kActivities);
      if (activity == 1) thread.state = ThreadState::kEnded;
      if (activity >= 2 && activity < 5) StartWait(thread, activity - 2);
      if (activity >= 5 && activity < 7) StartWait(thread, activity - 5).pool = kPool;
      if (activity >= 7) {
        Wait& wait = StartWait(thread, activity - 7);
        wait.pool = kPool;
        wait.has_deadline = true;
      }
    }
    Compare(s, tally);
    if (HasFailure()) return;
  }
  EXPECT_GT(tally[Verdict::kProven], 1000);
  EXPECT_GT(tally[Verdict::kSuspected], 1000);
  EXPECT_GT(tally[Verdict::kTemporary], 1000);
}

// Generates snapshots that a program, or a racy look at one, might give.
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  Snapshot Next() {
    Snapshot s = Blank(1 + Below(8), 1 + Below(6), ResourceKind::kMutex);
    s.unseen_threads = OneIn(6) ? 1 : 0;
    for (Resource& resource : s.resources) {
      resource.kind = ResourceKind{static_cast<uint8_t>(Below(kResourceKindCount))};
      if (OneIn(2)) resource.kind = ResourceKind::kMutex;
      resource.preference = RwPreference{static_cast<uint8_t>(Below(kRwPreferenceCount))};
      if (!OneIn(8)) resource.thread = Below(s.threads.size());
    }
    AddHolds(s);
    uint32_t busy = 1 + Below(12);  // one in so many does not wait
    for (Thread& thread : s.threads) {
      thread.id = 1 + Below(4);  // not unique: ties must be broken all the same
      if (OneIn(busy + 1)) {
        thread.state = OneIn(3) ? ThreadState::kEnded : ThreadState::kRunning;
      } else {
        AddWait(s, thread);
      }
    }
    return s;
  }

 private:
  uint32_t Below(size_t bound) { return random_() % static_cast<uint32_t>(bound); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

  void AddHolds(Snapshot& s) {
    for (ResourceIndex r = 0; r < s.resources.size(); ++r) {
      bool shared = s.resources[r].kind == ResourceKind::kRwLock && OneIn(2);
      uint32_t holders = shared ? Below(4) : !OneIn(6) + OneIn(10);
      for (; holders > 0; --holders) {
        AccessMode mode = shared != OneIn(20) ? AccessMode::kShared : AccessMode::kExclusive;
        AddHold(s, Below(s.threads.size()), r, mode);
      }
      if (OneIn(3)) {
        for (uint32_t i = 1 + Below(3); i > 0; --i) {
          AddHold(s, Below(s.threads.size()), r, AccessMode::kMember);
        }
      }
    }
  }

  void AddWait(const Snapshot& s, Thread& thread) {
    Wait& wait = StartWait(thread, Below(s.resources.size()));
    wait.mode = OneIn(2) ? AccessMode::kShared : AccessMode::kExclusive;
    wait.since_ns = Below(4);
    wait.has_deadline = OneIn(6);
    bool is_condition = s.resources[wait.resource].kind == ResourceKind::kCondition;
    if (is_condition ? !OneIn(4) : OneIn(30)) wait.relock = Below(s.resources.size());
    if (OneIn(2)) wait.pool = Below(s.resources.size());
    wait.permits = Below(4);
  }

  std::mt19937 random_;
};

// DETECT_TEST_SEED=n repeats the run that printed n.
uint32_t Seed() {
  const char* given = std::getenv("DETECT_TEST_SEED");
  return given != nullptr ? static_cast<uint32_t>(std::strtoul(given, nullptr, 10))
                          : std::random_device()();
}

TEST(WaitForGraphOracle, AgreesOnGeneratedSnapshots) {
  uint32_t seed = Seed();
  SCOPED_TRACE("DETECT_TEST_SEED=" + std::to_string(seed));
  Generator generator(seed);
  Tally tally;

  for (int i = 0; i < 10'000; ++i) {
    Compare(generator.Next(), tally);
    if (HasFailure()) return;
  }
  EXPECT_GT(tally[Verdict::kProven], 500);
  EXPECT_GT(tally[Verdict::kSuspected], 500);
  EXPECT_GT(tally[Verdict::kTemporary], 100);
}

}  // namespace
}  // namespace detect
