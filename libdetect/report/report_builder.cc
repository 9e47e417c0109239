#include "libdetect/report/report_builder.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libdetect/report/advice.h"
#include "libdetect/report/deadlock_parts.h"
#include "libdetect/report/fingerprint.h"
#include "libdetect/report/misuse_advice.h"
#include "libdetect/report/report_index.h"
#include "libdetect/report/resource_name.h"
#include "libdetect/report/visible_frames.h"

namespace detect {
namespace {

std::string ThreadName(const Snapshot& snapshot, const Thread& thread) {
  if (thread.name != 0) return snapshot.names[thread.name];
  return thread.tid == snapshot.pid ? "main" : "thread " + std::to_string(thread.tid);
}

const char* StateName(ThreadState state) {
  switch (state) {
    case ThreadState::kRunning:
      return "running";
    case ThreadState::kWaiting:
      return "waiting";
    case ThreadState::kEnded:
      break;
  }
  return "ended";
}

const char* ModeName(AccessMode mode) {
  switch (mode) {
    case AccessMode::kShared:
      return "shared";
    case AccessMode::kMember:
      return "member";
    case AccessMode::kExclusive:
      break;
  }
  return "exclusive";
}

// Others are named by where they are waited for: that is in the user's code.
bool IsLock(ResourceKind kind) {
  return kind == ResourceKind::kMutex || kind == ResourceKind::kRwLock;
}

std::string FunctionOf(const std::vector<Frame>& stack) {
  const Frame* frame = FirstVisibleFrame(stack);
  return frame == nullptr ? "" : StableFunction(*frame);
}

}  // namespace

// One finding in the making.
class ReportBuilder::Draft {
 public:
  Draft(ReportBuilder& owner, const Snapshot& snapshot, Symbolizer& symbolizer)
      : owner_(owner),
        snapshot_(snapshot),
        symbolizer_(symbolizer),
        known_(snapshot.resources.size()),
        where_used_(snapshot.resources.size()) {}

  Finding AboutDeadlock(const Deadlock& deadlock) {
    const DeadlockParts parts = TakeApart(snapshot_, deadlock);
    AddThreads(parts);
    FindWhereUsed(parts);
    AddResources(parts.resources);

    Finding finding;
    finding.rule = IsSelfDeadlock(deadlock) ? "self-deadlock" : "deadlock";
    finding.verdict = deadlock.verdict;
    finding.cycle = StepsOf(parts.cycle);
    finding.involved = StepsOf(parts.involved);
    finding.queued = StepsOf(parts.queued);
    finding.since_seconds = SinceTheLastOneWaits(finding);
    finding.fingerprint = FingerprintOf(parts, finding);
    SetAdvice(finding, AdviceFor(finding, deadlock.guess, ReportIndex(owner_.report_)));
    if (deadlock.guess == Guess::kNobodyElseNotifies) {
      finding.explanation += LostNotification(deadlock.cycle.front().resource);
    }
    return finding;
  }

  Finding AboutMisuse(const MisuseSeen& misuse) {
    std::vector<ResourceIndex> resources = {misuse.resource};
    where_used_[misuse.resource] = misuse.stack;
    if (misuse.other_resource != kNoResource) {
      resources.push_back(misuse.other_resource);
      where_used_[misuse.other_resource] = misuse.other_stack;
    }
    AddResources(resources);

    Finding finding;
    finding.rule = MisuseRule(misuse.misuse);
    finding.verdict = Verdict::kProven;
    ReportStep& culprit = finding.involved.emplace_back();
    culprit.thread = AddThreadById(misuse.thread_id);
    culprit.mode = ModeName(AccessMode::kExclusive);
    culprit.stack = Symbolize(misuse.stack);
    const bool has_other = misuse.other_thread_id != 0;
    if (!has_other) {
      const ResourceIndex held = resources.back();
      culprit.holds.push_back(
          {known_[held]->id, ModeName(AccessMode::kExclusive), Symbolize(misuse.other_stack)});
    } else {
      ReportStep& other = finding.involved.emplace_back();
      other.thread = AddThreadById(misuse.other_thread_id);
      other.mode = ModeName(AccessMode::kExclusive);
      other.stack = Symbolize(misuse.other_stack);
    }
    const std::string name = known_[misuse.resource]->stable_name;
    finding.fingerprint =
        Fingerprint(finding.rule, {{.lock = name,
                                    .acquired_in = FunctionOf(Symbolize(misuse.other_stack)),
                                    .waits_in = FunctionOf(finding.involved.front().stack)}});
    const uint32_t resource = known_[misuse.resource]->id;
    SetAdvice(finding, AdviceForMisuse(finding, resource, ReportIndex(owner_.report_)));
    return finding;
  }

 private:
  static bool IsSelfDeadlock(const Deadlock& deadlock) {
    return deadlock.cycle.size() == 1 && deadlock.cycle[0].blocker == deadlock.cycle[0].thread;
  }

  static void SetAdvice(Finding& finding, Advice advice) {
    finding.summary = std::move(advice.summary);
    finding.explanation = std::move(advice.explanation);
    finding.fix = std::move(advice.fix);
  }

  // Returns a sentence about a wake-up that came before anybody slept, or nothing.
  std::string LostNotification(ResourceIndex condition) {
    for (const Thread& thread : snapshot_.threads) {
      if (thread.unheard != condition || condition == kNoResource) continue;
      const std::string place = ShortLocation(Symbolize(thread.unheard_stack));
      return " A wake-up may have been lost: \"" + ThreadName(snapshot_, thread) +
             "\" notified it" + (place.empty() ? "" : " at " + place) + " when nobody waited.";
    }
    return "";
  }

  void AddThreads(const DeadlockParts& parts) {
    for (const auto* list : {&parts.cycle, &parts.involved, &parts.queued}) {
      for (const DeadlockPart& part : *list) {
        AddThread(part.arrow.thread);
        if (part.arrow.blocker != kNoThread) AddThread(part.arrow.blocker);
      }
    }
  }

  ReportThread& PlaceFor(uint32_t thread_id) {
    const auto [place, is_new] =
        owner_.threads_.try_emplace(thread_id, owner_.report_.threads.size());
    if (is_new) owner_.report_.threads.emplace_back();
    return owner_.report_.threads[place->second];
  }

  void AddThread(ThreadIndex index) {
    const Thread& thread = snapshot_.threads[index];
    PlaceFor(thread.id) = {
        .id = thread.id,
        .tid = thread.tid,
        .pid = snapshot_.pid,
        .name = ThreadName(snapshot_, thread),
        .state = StateName(thread.state),
        .daemon = thread.daemon,
    };
  }

  // Returns the id. The thread may be gone by now, and its name with it.
  uint32_t AddThreadById(uint32_t id) {
    for (ThreadIndex i = 0; i < snapshot_.threads.size(); ++i) {
      if (snapshot_.threads[i].id != id) continue;
      AddThread(i);
      return id;
    }
    ReportThread& thread = PlaceFor(id);
    if (thread.id == 0) {
      thread.id = id;
      thread.pid = snapshot_.pid;
      thread.name = "thread #" + std::to_string(id);
    }
    thread.state = StateName(ThreadState::kEnded);
    return id;
  }

  // Names all new ones before it numbers them, so that both of a pair get a number.
  void AddResources(const std::vector<ResourceIndex>& resources) {
    std::vector<std::pair<ResourceIndex, ResourceName>> fresh;
    std::map<std::string, int> fresh_of_name;
    for (ResourceIndex index : resources) {
      const auto found = owner_.resources_.find(KeyOf(index));
      if (found != owner_.resources_.end()) {
        known_[index] = &found->second;
        continue;
      }
      fresh.emplace_back(index, NameOf(index));
      ++fresh_of_name[fresh.back().second.shown];
    }
    for (auto& [index, name] : fresh) {
      const int number = ++owner_.times_named_[name.shown];
      if (number > 1 || fresh_of_name[name.shown] > 1) name.shown += " #" + std::to_string(number);
      AddResource(index, std::move(name));
    }
  }

  void AddResource(ResourceIndex index, ResourceName name) {
    const Resource& resource = snapshot_.resources[index];
    const auto id = static_cast<uint32_t>(owner_.report_.resources.size() + 1);
    owner_.report_.resources.push_back({
        .id = id,
        .kind = ResourceKindName(resource.kind),
        .name = std::move(name.shown),
        .address = resource.address,
        .created_at = Symbolize(resource.created_at),
    });
    known_[index] =
        &owner_.resources_.emplace(KeyOf(index), KnownResource{id, std::move(name.stable)})
             .first->second;
  }

  ResourceKey KeyOf(ResourceIndex index) const {
    const Resource& resource = snapshot_.resources[index];
    const bool is_thread = resource.kind == ResourceKind::kThread && resource.thread != kNoThread;
    const uint64_t identity = is_thread ? snapshot_.threads[resource.thread].id : resource.address;
    return {resource.kind, identity, snapshot_.names[resource.name], resource.creation_site};
  }

  ResourceName NameOf(ResourceIndex index) {
    const Resource& resource = snapshot_.resources[index];
    if (resource.kind == ResourceKind::kThread && resource.thread != kNoThread) {
      const Thread& thread = snapshot_.threads[resource.thread];
      const std::string name = ThreadName(snapshot_, thread);
      return {thread.name == 0 && name != "main" ? name : "thread " + name, "thread"};
    }
    return NameOfResource(resource, snapshot_.names[resource.name], Symbolize(resource.created_at),
                          Symbolize(where_used_[index]), symbolizer_);
  }

  // Where each lock of the finding was acquired by its first holder; where anything else is waited
  // for.
  void FindWhereUsed(const DeadlockParts& parts) {
    const auto note = [&](ResourceIndex index, StackIndex stack) {
      if (index != kNoResource && where_used_[index] == 0) where_used_[index] = stack;
    };
    for (const Hold& hold : snapshot_.holds) {
      if (IsLock(snapshot_.resources[hold.resource].kind)) note(hold.resource, hold.stack);
    }
    for (const auto* list : {&parts.cycle, &parts.involved, &parts.queued}) {
      for (const DeadlockPart& part : *list) {
        if (const auto& wait = snapshot_.threads[part.arrow.thread].wait)
          note(wait->resource, wait->stack);
      }
    }
  }

  std::vector<ReportStep> StepsOf(const std::vector<DeadlockPart>& parts) {
    std::vector<ReportStep> steps;
    steps.reserve(parts.size());
    for (const DeadlockPart& part : parts) steps.push_back(StepOf(part));
    return steps;
  }

  ReportStep StepOf(const DeadlockPart& part) {
    const Thread& thread = snapshot_.threads[part.arrow.thread];
    ReportStep step;
    step.thread = thread.id;
    step.mode = ModeName(AccessMode::kExclusive);
    if (thread.wait && part.arrow.resource != kNoResource) {
      const bool retakes = part.condition != kNoResource;
      step.waits_for = known_[part.arrow.resource]->id;
      if (retakes) step.condition = known_[part.condition]->id;
      if (!retakes) step.mode = ModeName(thread.wait->mode);
      step.since_seconds = SecondsSince(thread.wait->since_ns);
      step.has_deadline = thread.wait->has_deadline && !retakes;
      step.stack = Symbolize(thread.wait->stack);
    }
    if (part.arrow.blocker != kNoThread) step.blocker = snapshot_.threads[part.arrow.blocker].id;
    for (const Hold* hold : part.holds) {
      step.holds.push_back(
          {known_[hold->resource]->id, ModeName(hold->mode), Symbolize(hold->stack)});
    }
    return step;
  }

  static double SinceTheLastOneWaits(const Finding& finding) {
    double since = finding.cycle.front().since_seconds;
    for (const auto* steps : {&finding.cycle, &finding.involved}) {
      for (const ReportStep& step : *steps) {
        if (step.waits_for) since = std::min(since, step.since_seconds);
      }
    }
    return since;
  }

  // To the millisecond; what lies in the future, by a damaged record, counts as now.
  double SecondsSince(int64_t since_ns) const {
    const double ns = static_cast<double>(snapshot_.taken_ns) - static_cast<double>(since_ns);
    return std::max(0.0, std::round(ns / 1e6) / 1e3);
  }

  std::string FingerprintOf(const DeadlockParts& parts, const Finding& finding) const {
    std::vector<FingerprintStep> steps;
    for (size_t i = 0; i < finding.cycle.size(); ++i) {
      const ReportStep& step = finding.cycle[i];
      steps.push_back({
          .lock = known_[parts.cycle[i].arrow.resource]->stable_name + " " + step.mode,
          .acquired_in = step.holds.empty() ? "" : FunctionOf(step.holds.front().stack),
          .waits_in = FunctionOf(step.stack),
      });
    }
    return Fingerprint(finding.rule, steps);
  }

  std::vector<Frame> Symbolize(StackIndex stack) {
    std::vector<Frame> frames;
    for (uint64_t address : snapshot_.stacks[stack]) {
      const auto [cached, is_new] = frames_.try_emplace(address);
      if (is_new) cached->second = symbolizer_.Symbolize(address);
      frames.insert(frames.end(), cached->second.begin(), cached->second.end());
    }
    return frames;
  }

  ReportBuilder& owner_;
  const Snapshot& snapshot_;
  Symbolizer& symbolizer_;
  std::vector<const KnownResource*> known_;  // by ResourceIndex, for those of the finding
  std::vector<StackIndex> where_used_;       // by ResourceIndex
  std::unordered_map<uint64_t, std::vector<Frame>> frames_;  // by return address
};

size_t ReportBuilder::AddDeadlock(const Snapshot& snapshot, const Deadlock& deadlock,
                                  Symbolizer& symbolizer) {
  report_.findings.push_back(Draft(*this, snapshot, symbolizer).AboutDeadlock(deadlock));
  return report_.findings.size() - 1;
}

size_t ReportBuilder::AddMisuse(const Snapshot& snapshot, const MisuseSeen& misuse,
                                Symbolizer& symbolizer) {
  report_.findings.push_back(Draft(*this, snapshot, symbolizer).AboutMisuse(misuse));
  return report_.findings.size() - 1;
}

}  // namespace detect
