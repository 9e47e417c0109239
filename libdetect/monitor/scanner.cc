#include "libdetect/monitor/scanner.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libdetect/analysis/wait_for_graph.h"

namespace detect {
namespace {

// In a long ring the first threads speak for all: asking the kernel about each takes microseconds.
constexpr size_t kMaxAsked = 64;

// One wait of one thread, for as long as the process lives.
using WaitKey = std::pair<uint32_t, uint64_t>;  // Thread::id, Wait::sequence

WaitKey KeyOf(const Thread& thread) { return {thread.id, thread.wait ? thread.wait->sequence : 0}; }

// The threads that a finding about `deadlock` shows, the holders that have ended included.
std::vector<ThreadIndex> ThreadsOf(const Deadlock& deadlock) {
  std::vector<ThreadIndex> threads = deadlock.members;
  threads.insert(threads.end(), deadlock.queued.begin(), deadlock.queued.end());
  for (const BlockedBy& step : deadlock.cycle) {
    if (step.blocker != kNoThread) threads.push_back(step.blocker);
  }
  std::sort(threads.begin(), threads.end());
  threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
  return threads;
}

std::vector<ThreadIndex> LiveThreads(const Snapshot& snapshot) {
  std::vector<ThreadIndex> threads;
  for (ThreadIndex i = 0; i < snapshot.threads.size(); ++i) {
    if (snapshot.threads[i].state != ThreadState::kEnded) threads.push_back(i);
  }
  return threads;
}

bool NobodyRuns(const Snapshot& snapshot) {
  return std::none_of(snapshot.threads.begin(), snapshot.threads.end(),
                      [](const Thread& t) { return t.state == ThreadState::kRunning; });
}

// Returns whether `step` is blocked by one who holds its lock alone, not as one of its readers.
bool BlockerHoldsAlone(const Snapshot& snapshot, const BlockedBy& step) {
  return std::any_of(snapshot.holds.begin(), snapshot.holds.end(), [&](const Hold& hold) {
    return hold.thread == step.blocker && hold.resource == step.resource &&
           hold.mode == AccessMode::kExclusive;
  });
}

}  // namespace

struct Scanner::Impl {
  std::unique_ptr<RegionReader> reader;
  ProcessProbe probe;
  Symbolizer* symbolizer;
  ReportBuilder* report;
  uint32_t own_threads;
  std::string process_name;
  // The waits of the cycles already reported.
  std::set<WaitKey> reported;

  Impl(std::unique_ptr<RegionReader> r, Symbolizer* s, ReportBuilder* b, uint32_t own)
      : reader(std::move(r)), probe(reader->pid()), symbolizer(s), report(b), own_threads(own) {}

  // Threads that the recorder never met matter only where all those that it knows are asleep.
  void CountUnseenThreads(Snapshot& snapshot) const {
    if (!NobodyRuns(snapshot)) return;
    uint32_t known = own_threads;
    for (const Thread& thread : snapshot.threads) {
      if (thread.state != ThreadState::kEnded) ++known;
    }
    uint32_t all = probe.CountThreads();
    snapshot.unseen_threads = all == 0 || all > known ? std::max(all, known + 1) - known : 0;
  }

  bool IsReported(const Snapshot& snapshot, const Deadlock& deadlock) const {
    return std::any_of(deadlock.cycle.begin(), deadlock.cycle.end(), [&](const BlockedBy& step) {
      return reported.count(KeyOf(snapshot.threads[step.thread])) > 0;
    });
  }

  // Returns whether none of them does anything: who was woken up a moment ago still counts as
  // waiting in the region.
  bool AllSleep(const Snapshot& snapshot, const std::vector<ThreadIndex>& threads) const {
    return std::all_of(threads.begin(), threads.end(), [&](ThreadIndex thread) {
      return probe.IsSleeping(snapshot.threads[thread].tid).value_or(true);
    });
  }

  // Asks the kernel and the locks themselves whether what the region says is so.
  bool IsConfirmed(const Snapshot& snapshot, const Deadlock& deadlock) const {
    // That nobody is left to act is a claim about every thread. And where one of several could end
    // a wait, as in a pool, the cycle shown is not the whole reason.
    const std::vector<ThreadIndex> concerned =
        deadlock.guess == Guess::kNobodyElseNotifies ? LiveThreads(snapshot) : deadlock.members;
    if (concerned.size() > deadlock.cycle.size() && !AllSleep(snapshot, concerned)) return false;
    size_t asked = std::min(deadlock.cycle.size(), kMaxAsked);
    for (size_t i = 0; i < asked; ++i) {
      const BlockedBy& step = deadlock.cycle[i];
      const Thread& thread = snapshot.threads[step.thread];
      if (!probe.IsSleeping(thread.tid).value_or(true)) return false;
      const Resource& resource = snapshot.resources[step.resource];
      if (!thread.wait || thread.wait->owner_offset == 0 ||
          thread.wait->resource != step.resource || !BlockerHoldsAlone(snapshot, step)) {
        continue;
      }
      int32_t blocker = snapshot.threads[step.blocker].tid;
      std::optional<int32_t> owner = probe.ReadWord(resource.address + thread.wait->owner_offset);
      if (owner.value_or(blocker) != blocker) return false;
    }
    return reader->StillWaiting(concerned);
  }

  // Who was never named goes by the kernel's name for it, where that differs from the program's
  // own.
  void NameThreads(Snapshot& snapshot, const std::vector<ThreadIndex>& threads) {
    if (process_name.empty()) process_name = probe.ThreadName(snapshot.pid);
    for (ThreadIndex index : threads) {
      Thread& thread = snapshot.threads[index];
      if (thread.name != 0 || thread.tid == snapshot.pid) continue;
      std::string name = probe.ThreadName(thread.tid);
      if (name != process_name) thread.name = snapshot.AddName(std::move(name));
    }
  }

  void ReportMisuses(const Snapshot& snapshot, Result* result) {
    reader->FillDetails({});
    for (const MisuseSeen& misuse : snapshot.misuses) {
      result->findings.push_back(report->AddMisuse(snapshot, misuse, *symbolizer));
    }
  }

  size_t Report(Snapshot& snapshot, const Deadlock& deadlock) {
    std::vector<ThreadIndex> threads = ThreadsOf(deadlock);
    reader->FillDetails(threads);
    NameThreads(snapshot, threads);
    for (const BlockedBy& step : deadlock.cycle) {
      reported.insert(KeyOf(snapshot.threads[step.thread]));
    }
    return report->AddDeadlock(snapshot, deadlock, *symbolizer);
  }
};

Scanner::Scanner(std::unique_ptr<RegionReader> reader, Symbolizer* symbolizer,
                 ReportBuilder* report, uint32_t own_threads)
    : impl_(std::make_unique<Impl>(std::move(reader), symbolizer, report, own_threads)) {}

Scanner::~Scanner() = default;

Scanner::Result Scanner::Scan() {
  Result result;
  Snapshot& snapshot = impl_->reader->Read();
  impl_->CountUnseenThreads(snapshot);
  if (!snapshot.misuses.empty()) impl_->ReportMisuses(snapshot, &result);
  for (const Deadlock& deadlock : FindDeadlocks(snapshot)) {
    if (impl_->IsReported(snapshot, deadlock)) continue;
    if (impl_->IsConfirmed(snapshot, deadlock)) {
      result.findings.push_back(impl_->Report(snapshot, deadlock));
    } else {
      result.pending = true;
    }
  }
  return result;
}

void Scanner::RecordLosses() {
  for (const auto& [reason, count] : impl_->reader->Losses()) {
    impl_->report->report()->losses[reason] = count;
  }
}

}  // namespace detect
