#include "libdetect/report/report_builder.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libdetect/report/advice.h"
#include "libdetect/report/deadlock_parts.h"
#include "libdetect/report/fingerprint.h"
#include "libdetect/report/report_index.h"
#include "libdetect/report/resource_name.h"
#include "libdetect/report/visible_frames.h"

namespace detect {
namespace {

std::string ThreadName(const Thread& thread, int32_t pid) {
  if (!thread.name.empty()) return thread.name;
  return thread.tid == pid ? "main" : "thread " + std::to_string(thread.tid);
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
  return mode == AccessMode::kShared ? "shared" : "exclusive";
}

std::string FunctionOf(const std::vector<Frame>& stack) {
  const Frame* frame = FirstVisibleFrame(stack);
  return frame == nullptr ? "" : StableFunction(*frame);
}

}  // namespace

// One finding in the making.
class ReportBuilder::Draft {
 public:
  Draft(ReportBuilder& owner, const Snapshot& snapshot, const Deadlock& deadlock,
        Symbolizer& symbolizer)
      : owner_(owner),
        snapshot_(snapshot),
        deadlock_(deadlock),
        symbolizer_(symbolizer),
        parts_(TakeApart(snapshot, deadlock)),
        known_(snapshot.resources.size()) {}

  Finding Finish() {
    AddThreads();
    AddResources();

    Finding finding;
    finding.rule = IsSelfDeadlock() ? "self-deadlock" : "deadlock";
    finding.verdict = deadlock_.verdict;
    finding.cycle = StepsOf(parts_.cycle);
    finding.involved = StepsOf(parts_.involved);
    finding.queued = StepsOf(parts_.queued);
    finding.since_seconds = SinceTheLastOneWaits(finding);
    finding.fingerprint = FingerprintOf(finding);
    Advice advice = AdviceFor(finding, deadlock_.guess, ReportIndex(owner_.report_));
    finding.summary = std::move(advice.summary);
    finding.explanation = std::move(advice.explanation);
    finding.fix = std::move(advice.fix);
    return finding;
  }

 private:
  bool IsSelfDeadlock() const {
    return deadlock_.cycle.size() == 1 && deadlock_.cycle[0].blocker == deadlock_.cycle[0].thread;
  }

  void AddThreads() {
    for (const auto* parts : {&parts_.cycle, &parts_.involved, &parts_.queued}) {
      for (const DeadlockPart& part : *parts) {
        AddThread(part.arrow.thread);
        if (part.arrow.blocker != kNoThread) AddThread(part.arrow.blocker);
      }
    }
  }

  void AddThread(ThreadIndex index) {
    const Thread& thread = snapshot_.threads[index];
    const auto [place, is_new] =
        owner_.threads_.try_emplace(thread.id, owner_.report_.threads.size());
    if (is_new) owner_.report_.threads.emplace_back();
    owner_.report_.threads[place->second] = {
        .id = thread.id,
        .tid = thread.tid,
        .pid = snapshot_.pid,
        .name = ThreadName(thread, snapshot_.pid),
        .state = StateName(thread.state),
        .daemon = thread.daemon,
    };
  }

  // Names all new ones before it numbers them, so that both of a pair get a number.
  void AddResources() {
    FindWhereLocked();
    std::vector<std::pair<ResourceIndex, ResourceName>> fresh;
    std::map<std::string, int> fresh_of_name;
    for (ResourceIndex index : parts_.resources) {
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
    return {resource.kind, identity, resource.name, resource.creation_site};
  }

  ResourceName NameOf(ResourceIndex index) {
    const Resource& resource = snapshot_.resources[index];
    if (resource.kind == ResourceKind::kThread && resource.thread != kNoThread) {
      const Thread& thread = snapshot_.threads[resource.thread];
      const std::string name = ThreadName(thread, snapshot_.pid);
      return {thread.name.empty() && name != "main" ? name : "thread " + name, "thread"};
    }
    const Stack* locked = where_locked_[index];
    return NameOfResource(resource, Symbolize(resource.created_at),
                          locked == nullptr ? std::vector<Frame>() : Symbolize(*locked),
                          symbolizer_);
  }

  // Where each resource of the finding was acquired by its first holder; where it has none, as a
  // condition has none, where it is waited for.
  void FindWhereLocked() {
    where_locked_.assign(snapshot_.resources.size(), nullptr);
    const auto note = [&](ResourceIndex index, const Stack& stack) {
      if (index != kNoResource && where_locked_[index] == nullptr) where_locked_[index] = &stack;
    };
    for (const Hold& hold : snapshot_.holds) note(hold.resource, hold.stack);
    for (const auto* parts : {&parts_.cycle, &parts_.involved, &parts_.queued}) {
      for (const DeadlockPart& part : *parts) {
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

  std::string FingerprintOf(const Finding& finding) const {
    std::vector<FingerprintStep> steps;
    for (size_t i = 0; i < finding.cycle.size(); ++i) {
      const ReportStep& step = finding.cycle[i];
      steps.push_back({
          .lock = known_[parts_.cycle[i].arrow.resource]->stable_name + " " + step.mode,
          .acquired_in = step.holds.empty() ? "" : FunctionOf(step.holds.front().stack),
          .waits_in = FunctionOf(step.stack),
      });
    }
    return Fingerprint(finding.rule, steps);
  }

  std::vector<Frame> Symbolize(const Stack& stack) {
    std::vector<Frame> frames;
    for (uint64_t address : stack) {
      const auto [cached, is_new] = frames_.try_emplace(address);
      if (is_new) cached->second = symbolizer_.Symbolize(address);
      frames.insert(frames.end(), cached->second.begin(), cached->second.end());
    }
    return frames;
  }

  ReportBuilder& owner_;
  const Snapshot& snapshot_;
  const Deadlock& deadlock_;
  Symbolizer& symbolizer_;
  const DeadlockParts parts_;
  std::vector<const KnownResource*> known_;  // by ResourceIndex, for parts_.resources
  std::vector<const Stack*> where_locked_;   // by ResourceIndex
  std::unordered_map<uint64_t, std::vector<Frame>> frames_;  // by return address
};

size_t ReportBuilder::AddDeadlock(const Snapshot& snapshot, const Deadlock& deadlock,
                                  Symbolizer& symbolizer) {
  report_.findings.push_back(Draft(*this, snapshot, deadlock, symbolizer).Finish());
  return report_.findings.size() - 1;
}

}  // namespace detect
