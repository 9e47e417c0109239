#include "libdetect/harness/team.h"

#include <cxxabi.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "libdetect/base/raw_log.h"
#include "libdetect/base/schedule.h"
#include "libdetect/sync/deadline.h"
#include "libdetect/sync/futex.h"
#include "libdetect/sync/thread.h"

namespace detect {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr size_t kCacheLine = 64;

// Between the arrival of the last thread and the opening of the gate: time for the other cores to
// see it coming, and for who is just giving way to come back.
constexpr nanoseconds kNotice{8'000};
// Looks at the gate between two times of giving way.
constexpr int kLooksPerYield = 16;

nanoseconds Now() { return steady_clock::now().time_since_epoch(); }

std::vector<std::string> NumberedNames(size_t threads) {
  std::vector<std::string> names;
  names.reserve(threads);
  for (size_t i = 0; i < threads; ++i) names.push_back("contended worker " + std::to_string(i));
  return names;
}

// The cores that a team may use, dealt out among its threads. Woken threads that are free to go
// anywhere tend to queue up at the core of who woke them, and would take turns there.
class Cores {
 public:
  Cores() {
    if (sched_getaffinity(0, sizeof(all_), &all_) != 0) return;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &all_)) cores_.push_back(core);
    }
  }

  // Takes the calling thread to the core that is its own: where it is to be woken up.
  void GoHome(uint32_t index) const {
    if (cores_.size() < 2) return;
    cpu_set_t home;
    CPU_ZERO(&home);
    CPU_SET(cores_[index % cores_.size()], &home);
    sched_setaffinity(0, sizeof(home), &home);
  }

  // Lets it go anywhere: the work, and what threads it makes, are not to be kept to one core.
  void SetFree() const {
    if (cores_.size() >= 2) sched_setaffinity(0, sizeof(all_), &all_);
  }

 private:
  cpu_set_t all_{};
  std::vector<int> cores_;
};

// What a thread writes of its part, for the caller to read once it is back. On a line of its own:
// the threads write at the same moment.
struct alignas(kCacheLine) Part {
  std::atomic<int64_t> began_ns{0};  // 0: not yet
  std::atomic<int32_t> tid{0};
  std::atomic<Outcome> outcome{Outcome::kMissing};  // the last to be written, by release
  nanoseconds ended{0};
  int core = 0;
  std::exception_ptr error;
};

}  // namespace

struct Team::Shared {
  explicit Shared(size_t count) : parts(count) {}

  static constexpr uint32_t kDismissed = UINT32_MAX;

  const pid_t pid = getpid();
  const Cores cores;
  std::vector<detect::thread> threads;  // the Team's

  // By the Team, before the round's number is raised.
  Work work;

  // The number of the round, or kDismissed. What members park on.
  alignas(kCacheLine) sync::FutexWord round{0};
  // The gate: who came to it, and when it opens; 0: somebody is still to come.
  alignas(kCacheLine) std::atomic<size_t> arrived{0};
  std::atomic<int64_t> opens_at_ns{0};
  // Members that are not back. What the Team waits on.
  alignas(kCacheLine) sync::FutexWord away{0};

  std::vector<Part> parts;

  void PassGate() {
    if (arrived.fetch_add(1, std::memory_order_relaxed) + 1 == parts.size()) {
      opens_at_ns.store((Now() + kNotice).count(), std::memory_order_release);
    }
    int64_t opens = 0;
    for (int looks = 1; (opens = opens_at_ns.load(std::memory_order_acquire)) == 0; ++looks) {
      __builtin_ia32_pause();
      if (looks % kLooksPerYield == 0) sched_yield();
    }
    cores.SetFree();
    while (Now().count() < opens) __builtin_ia32_pause();
  }
};

// A thread's place in a round: it is back when this goes, however it came to leave.
class Team::Place {
 public:
  Place(Shared& shared, Part& part) : shared_(shared), part_(part) {
    part_.core = sched_getcpu();
    part_.began_ns.store(Now().count(), std::memory_order_release);  // with EndRound
  }
  ~Place() {
    part_.ended = Now();
    if (getpid() != shared_.pid) EndForkedChild();
    part_.outcome.store(outcome, std::memory_order_release);  // with EndRound
    if (shared_.away.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      sync::FutexWake(shared_.away, sync::kAllSleepers);
    }
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  Outcome outcome = Outcome::kLeft;

 private:
  // It would wait for ever for a round that nobody begins, and keep the parent's pipes open.
  [[noreturn]] static void EndForkedChild() {
    RawLog("a forked child came back from a contended operation, and was ended there");
    _exit(1);
  }

  Shared& shared_;
  Part& part_;
};

bool RoundResult::IsComplete() const {
  for (const MemberResult& member : members) {
    if (member.outcome != Outcome::kReturned) return false;
  }
  return true;
}

std::vector<ThreadTimes> RoundResult::Times() const {
  std::vector<ThreadTimes> times;
  times.reserve(members.size());
  for (const MemberResult& member : members) {
    if (member.has_begun) times.push_back(member.times);
  }
  return times;
}

Team::Team(size_t threads) : Team(NumberedNames(threads)) {}

Team::Team(std::vector<std::string> names) : names_(std::move(names)) {}

Team::~Team() { Dismiss(); }

void Team::Assemble() {
  shared_ = std::make_shared<Shared>(names_.size());
  try {
    for (uint32_t i = 0; i < names_.size(); ++i) {
      shared_->threads.emplace_back(thread_options{.name = names_[i], .daemon = true},
                                    [shared = shared_, i] { RunMember(shared, i); });
    }
  } catch (...) {
    Dismiss();
    throw;
  }
}

void Team::Dismiss() {
  if (shared_ == nullptr) return;
  shared_->round.store(Shared::kDismissed, std::memory_order_release);
  sync::FutexWake(shared_->round, sync::kAllSleepers);
  for (size_t i = 0; i < shared_->threads.size(); ++i) {
    const bool is_back =
        shared_->away.load(std::memory_order_acquire) == 0 ||
        shared_->parts[i].outcome.load(std::memory_order_acquire) != Outcome::kMissing;
    if (is_back) shared_->threads[i].join();
  }
  shared_->threads.clear();  // detaches those left behind
  shared_.reset();
}

void Team::RunMember(const std::shared_ptr<Shared>& shared, uint32_t index) {
  Part& part = shared->parts[index];
  part.tid.store(gettid(), std::memory_order_relaxed);
  for (uint32_t seen = 0;;) {
    shared->cores.GoHome(index);
    uint32_t round = 0;
    while ((round = shared->round.load(std::memory_order_acquire)) == seen) {
      sync::FutexWait(shared->round, seen);
    }
    if (round == Shared::kDismissed) return;
    seen = round;
    shared->PassGate();
    if (shared->round.load(std::memory_order_acquire) != seen) return;  // too late for it
    Place place(*shared, part);
    try {
      const ScopedTeamThread scheduled(index);
      shared->work(index);
      place.outcome = Outcome::kReturned;
    } catch (const abi::__forced_unwind&) {  // pthread_exit, or a cancellation: not to be stopped
      throw;
    } catch (...) {
      part.error = std::current_exception();
      place.outcome = Outcome::kThrew;
    }
  }
}

RoundResult Team::RunRound(Work work, steady_clock::time_point deadline) {
  StartRound(std::move(work));
  AwaitRound(deadline);
  return EndRound();
}

void Team::StartRound(Work work) {
  if (shared_ == nullptr) Assemble();
  shared_->work = std::move(work);
  for (Part& part : shared_->parts) {
    part.began_ns.store(0, std::memory_order_relaxed);
    part.outcome.store(Outcome::kMissing, std::memory_order_relaxed);
    part.error = nullptr;
  }
  shared_->arrived.store(0, std::memory_order_relaxed);
  shared_->opens_at_ns.store(0, std::memory_order_relaxed);
  shared_->away.store(static_cast<uint32_t>(size()), std::memory_order_relaxed);
  shared_->round.fetch_add(1, std::memory_order_release);  // with RunMember
  sync::FutexWake(shared_->round, sync::kAllSleepers);
}

bool Team::AwaitRound(steady_clock::time_point deadline) {
  const sync::Deadline until = sync::DeadlineAt(deadline);
  for (;;) {
    const uint32_t away = shared_->away.load(std::memory_order_acquire);
    if (away == 0) return true;
    if (!sync::FutexWait(shared_->away, away, &until)) {
      return shared_->away.load(std::memory_order_acquire) == 0;
    }
  }
}

std::vector<int32_t> Team::Tids() const {
  std::vector<int32_t> tids;
  if (shared_ == nullptr) return tids;
  for (const Part& part : shared_->parts) tids.push_back(part.tid.load(std::memory_order_relaxed));
  return tids;
}

RoundResult Team::EndRound() {
  RoundResult result;
  result.members.resize(size());
  bool all_stay = true;
  for (size_t i = 0; i < size(); ++i) {
    const Part& part = shared_->parts[i];
    MemberResult& member = result.members[i];
    member.outcome = part.outcome.load(std::memory_order_acquire);  // with ~Place
    member.tid = part.tid.load(std::memory_order_relaxed);
    const int64_t began_ns = part.began_ns.load(std::memory_order_acquire);
    member.has_begun = began_ns != 0;
    const bool is_back = member.outcome != Outcome::kMissing;
    member.times = {
        .began = nanoseconds(began_ns), .ended = is_back ? part.ended : Now(), .core = part.core};
    if (is_back) member.error = part.error;
    all_stay &= member.outcome == Outcome::kReturned || member.outcome == Outcome::kThrew;
  }
  if (!all_stay) Dismiss();
  return result;
}

}  // namespace detect
