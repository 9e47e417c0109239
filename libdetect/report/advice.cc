#include "libdetect/report/advice.h"

#include <algorithm>
#include <vector>

#include "libdetect/report/cycle_view.h"
#include "libdetect/report/visible_frames.h"

namespace detect {
namespace {

constexpr size_t kNamesInASentence = 4;

std::string Quoted(const std::string& name) { return '"' + name + '"'; }

// Returns " at PLACE", or nothing where the place is not known.
std::string At(const std::string& place) { return place.empty() ? "" : " at " + place; }

// Returns "a, b and c"; of a longer list the first few and how many more.
std::string Listed(const std::vector<std::string>& names) {
  const bool all = names.size() <= kNamesInASentence;
  const size_t shown = all ? names.size() : kNamesInASentence - 1;
  std::string list;
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) list += all && i + 1 == shown ? " and " : ", ";
    list += names[i];
  }
  return all ? list : list + " and " + std::to_string(names.size() - shown) + " more";
}

template <typename Predicate>
bool AnyStep(const CycleView& cycle, Predicate holds) {
  for (size_t i = 0; i < cycle.size(); ++i) {
    if (holds(i)) return true;
  }
  return false;
}

template <typename Predicate>
size_t FirstStep(const CycleView& cycle, Predicate holds) {
  size_t i = 0;
  while (i + 1 < cycle.size() && !holds(i)) ++i;
  return i;
}

bool IsSelf(const CycleView& c) { return c.size() == 1 && c.Step(0).blocker == c.Step(0).thread; }
bool IsSleep(const CycleView& c) { return !c.Step(0).blocker; }

// The last step's blocker is the first step's thread in every other cycle.
bool IsOrphan(const CycleView& c) {
  return c.size() == 1 && c.Step(0).blocker && c.Step(0).blocker != c.Step(0).thread;
}

bool Upgrades(const CycleView& c, size_t i) {
  const ReportStep& step = c.Step(i);
  return step.mode == "exclusive" && c.Held(i) != nullptr && c.Held(i)->mode == "shared" &&
         c.Held(i)->resource == step.waits_for;
}

// A reader that asks again behind a writer, which waits for that same reader.
bool ReadsAgain(const CycleView& c, size_t i) {
  const ReportStep& step = c.Step(i);
  return step.mode == "shared" && c.Held(i) != nullptr && c.Held(i)->mode == "shared" &&
         c.Held(i)->resource == step.waits_for;
}

bool HasUpgrade(const CycleView& c) {
  return AnyStep(c, [&](size_t i) { return Upgrades(c, i); });
}
bool HasReadAgain(const CycleView& c) {
  return AnyStep(c, [&](size_t i) { return ReadsAgain(c, i); });
}
bool HasJoin(const CycleView& c) {
  return AnyStep(c, [&](size_t i) { return c.IsJoin(i); });
}
bool HasRetake(const CycleView& c) {
  return AnyStep(c, [&](size_t i) { return c.IsRetake(i); });
}
bool IsJoinOfSelf(const CycleView& c) { return IsSelf(c) && c.IsJoin(0); }

// All steps run the same two lines, on different locks: philosophers, or transfer(a, b).
bool IsOneSite(const CycleView& c) {
  if (c.HeldAt(0).empty() || c.WaitsAt(0).empty()) return false;
  return !AnyStep(
      c, [&](size_t i) { return c.HeldAt(i) != c.HeldAt(0) || c.WaitsAt(i) != c.WaitsAt(0); });
}
bool IsAnyCycle(const CycleView&) { return true; }

std::string HeldName(const CycleView& c, size_t i) { return c.Wanted(i + c.size() - 1).name; }

// A worker waits for a task that is queued behind it.
bool Starves(const CycleView& c, size_t i) {
  const auto works = [](const ReportHold& hold) { return hold.mode == "member"; };
  return c.Wanted(i).kind == "future" && c.Held(i + 1) == nullptr &&
         std::ranges::any_of(c.Step(i + 1).holds, works);
}
bool IsStarvation(const CycleView& c) {
  return AnyStep(c, [&](size_t i) { return Starves(c, i); });
}

bool IsInitialisation(const CycleView& c) {
  return !AnyStep(c, [&](size_t i) { return c.Wanted(i).kind != "once"; });
}

bool IsLockOrder(const CycleView& c) {
  return !AnyStep(
      c, [&](size_t i) { return c.Wanted(i).kind != "mutex" && c.Wanted(i).kind != "rwlock"; });
}

// Each needs more permits of one semaphore than the others leave it.
bool IsShortOfPermits(const CycleView& c) {
  return !AnyStep(c, [&](size_t i) {
    return c.Wanted(i).kind != "semaphore" || c.Wanted(i).id != c.Wanted(0).id;
  });
}

std::string FixPermits(const CycleView& c) {
  return "give " + c.Wanted(0).name +
         " more permits, or let one thread at a time gather those that it needs: under a mutex "
         "that "
         "it takes" +
         (c.HeldAt(0).empty() ? " before the first of them" : " before " + c.HeldAt(0));
}

std::string FixStarvation(const CycleView& c) {
  const size_t i = FirstStep(c, [&](size_t step) { return Starves(c, step); });
  return "do not wait for a task" + At(c.WaitsAt(i)) +
         " that only this pool can run: run it there and then, give it to a second pool, or chain "
         "the work that needs its result";
}

std::string FixInitialisation(const CycleView& c) {
  if (c.size() == 1)
    return "do not come back to " + c.Wanted(0).name + At(c.WaitsAt(0)) +
           " from within its own initialiser";
  return "let one initialiser do without the other: change " + c.Thread(c.size() - 1) +
         At(c.WaitsAt(c.size() - 1));
}

// What is no lock cannot be taken in another order: one of the waits has to go.
std::string FixAnyWait(const CycleView& c) {
  const size_t last = c.size() - 1;
  return "let one of these threads not wait for the next while it is waited for: change " +
         c.Thread(last) + At(c.WaitsAt(last));
}

// What ends the wait of a sleeper, by what it waits for.
std::string Waking(const std::string& kind, const std::string& name) {
  if (kind == "semaphore") return "release a permit of " + name;
  if (kind == "latch") return "count down " + name;
  if (kind == "barrier") return "let each participant arrive at " + name + ", or drop out of it,";
  if (kind == "future") return "complete " + name;
  if (kind == "exchange") return "let a partner come to " + name;
  return "notify " + name;
}

std::string FixSleep(const CycleView& c) {
  return Waking(c.Wanted(0).kind, c.Wanted(0).name) +
         " on every path on which its waiters should go on" +
         (c.WaitsAt(0).empty() ? "" : " from " + c.WaitsAt(0));
}

std::string FixOrphan(const CycleView& c) {
  const auto& involved = c.finding().involved;
  std::string taken;
  if (!involved.empty() && !involved.front().holds.empty()) {
    const std::string place = ShortLocation(involved.front().holds.front().stack);
    if (!place.empty()) taken = " (locked at " + place + ")";
  }
  return "release " + c.Wanted(0).name + taken + " before the thread that holds it ends";
}

std::string FixJoinOfSelf(const CycleView& c) {
  return "join " + c.Thread(0) + " from another thread than itself" + At(c.WaitsAt(0));
}

std::string FixUpgrade(const CycleView& c) {
  std::vector<std::string> places;
  for (size_t i = 0; i < c.size(); ++i) {
    const std::string place = c.HeldAt(i);
    if (!Upgrades(c, i) || place.empty()) continue;
    if (std::ranges::find(places, place) == places.end()) places.push_back(place);
  }
  const size_t i = FirstStep(c, [&](size_t step) { return Upgrades(c, step); });
  return "take " + c.Wanted(i).name + " for writing at once" + At(Listed(places)) +
         " instead of upgrading a read lock" + At(c.WaitsAt(i));
}

std::string FixReadAgain(const CycleView& c) {
  const size_t i = FirstStep(c, [&](size_t step) { return ReadsAgain(c, step); });
  return "release the read lock of " + c.Wanted(i).name + " taken" + At(c.HeldAt(i)) +
         " before reading again" + At(c.WaitsAt(i)) + ", or read under the first one";
}

std::string FixSelf(const CycleView& c) {
  const std::string again = c.WaitsAt(0).empty() ? "again" : "again at " + c.WaitsAt(0);
  const std::string taken = c.HeldAt(0).empty() ? "" : " (locked at " + c.HeldAt(0) + ")";
  const std::string fix = "release " + c.Wanted(0).name + taken + " before locking it " + again;
  return c.Wanted(0).kind == "mutex" ? fix + ", or make it a recursive mutex" : fix;
}

std::string FixJoin(const CycleView& c) {
  const size_t i = FirstStep(c, [&](size_t step) { return c.IsJoin(step); });
  const std::string joined = c.Thread(i + 1);
  if (c.Held(i) == nullptr)
    return "let only one of " + c.Thread(i) + " and " + joined + " join the other";
  return "join " + joined + At(c.WaitsAt(i)) + " after releasing " + HeldName(c, i) +
         (c.HeldAt(i).empty() ? "" : " (locked at " + c.HeldAt(i) + ")");
}

std::string FixRetake(const CycleView& c) {
  const size_t i = FirstStep(c, [&](size_t step) { return c.IsRetake(step); });
  return "release " + HeldName(c, i) +
         (c.HeldAt(i).empty() ? "" : " (locked at " + c.HeldAt(i) + ")") +
         " before waiting on the condition" + At(c.WaitsAt(i));
}

std::string FixOneSite(const CycleView& c) {
  return "take both locks at " + c.Span(0) +
         " together, by std::scoped_lock, or always the same one first, as by address or number";
}

// The first n-1 steps agree on one order of the locks; the last one goes against it.
std::string FixOrder(const CycleView& c) {
  const size_t last = c.size() - 1;
  std::string change = ": change " + c.Thread(last) + At(c.Span(last));
  if (c.size() == 2)
    return "take " + HeldName(c, 0) + " before " + c.Wanted(0).name + " in both" + change;
  std::vector<std::string> order;
  for (size_t i = 0; i < c.size(); ++i) order.push_back(HeldName(c, i));
  return "take the locks in one order everywhere, such as " + Listed(order) + change;
}

struct Shape {
  bool (*fits)(const CycleView&);
  std::string (*fix)(const CycleView&);
};

// The particular before the general.
constexpr Shape kShapes[] = {
    {IsSleep, FixSleep},
    {IsOrphan, FixOrphan},
    {IsJoinOfSelf, FixJoinOfSelf},
    {HasUpgrade, FixUpgrade},
    {IsInitialisation, FixInitialisation},
    {IsStarvation, FixStarvation},
    {IsShortOfPermits, FixPermits},
    {IsSelf, FixSelf},
    {HasRetake, FixRetake},
    {HasReadAgain, FixReadAgain},
    {HasJoin, FixJoin},
    {IsOneSite, FixOneSite},
    {IsLockOrder, FixOrder},
    {IsAnyCycle, FixAnyWait},
};

std::string FixFor(const CycleView& cycle) {
  return std::ranges::find_if(kShapes, [&](const Shape& shape) { return shape.fits(cycle); })
      ->fix(cycle);
}

std::string SummaryFor(const CycleView& c, const ReportIndex& index) {
  const std::string first = Quoted(c.Thread(0));
  if (IsJoinOfSelf(c)) return first + " waits for its own end";
  if (IsStarvation(c) && c.size() == 1)
    return first + " waits for " + c.Wanted(0).name + ", a task that only it could run";
  if (IsInitialisation(c) && IsSelf(c))
    return first + " waits for " + c.Wanted(0).name + ", which it is initialising itself";
  if (IsSelf(c)) return first + " waits for " + c.Wanted(0).name + ", which it holds itself";

  const Finding& finding = c.finding();
  std::vector<std::string> members;
  for (size_t i = 0; i < c.size(); ++i) members.push_back(Quoted(c.Thread(i)));
  if (IsOrphan(c)) {
    return first + " waits for " + c.Wanted(0).name + ", which " +
           Quoted(index.ThreadLabel(*c.Step(0).blocker)) + " still held when it ended";
  }
  if (IsSleep(c)) {
    for (const ReportStep& step : finding.involved)
      members.push_back(Quoted(index.ThreadLabel(step.thread)));
    return Listed(members) + (members.size() == 1 ? " sleeps" : " sleep") +
           ", and no thread is left to wake " + (members.size() == 1 ? "it" : "one of them");
  }
  if (IsStarvation(c)) {
    for (const ReportStep& step : finding.involved)
      members.push_back(Quoted(index.ThreadLabel(step.thread)));
    return Listed(members) + " wait for tasks that only they could run";
  }
  const std::string more =
      finding.involved.empty()
          ? ""
          : ", tied up with " + std::to_string(finding.involved.size()) + " more";
  if (c.size() <= kNamesInASentence)
    return Listed(members) + " wait for each other" + (c.size() > 2 ? " in a ring" : "") + more;
  return std::to_string(c.size()) + " threads wait for each other in a ring: " + Listed(members) +
         more;
}

std::string ExplanationFor(const CycleView& c, Guess guess) {
  if (guess == Guess::kNobodyElseNotifies) {
    return "Every thread of the process waits for another one to act. This rests on a guess: that "
           "no signal handler and no other process wakes one of them.";
  }
  if (guess == Guess::kEndedThreadKeepsItsLocks) {
    return "The thread that holds " + c.Wanted(0).name +
           " has ended without releasing it. This rests on a guess: that no other thread releases "
           "it in its place.";
  }
  if (c.finding().verdict == Verdict::kTemporary) {
    return "A wait with a deadline is part of the cycle, so the cycle ends when that time is up. "
           "Until then none of these threads goes on.";
  }
  if (IsSelf(c)) {
    return "Only the thread that waits could end the wait, and no deadline does. It can never go "
           "on.";
  }
  return "Each of these threads waits, without a deadline, for what only the next one can give. "
         "None of them can ever go on.";
}

}  // namespace

Advice AdviceFor(const Finding& finding, Guess guess, const ReportIndex& index) {
  const CycleView cycle(finding, index);
  return {SummaryFor(cycle, index), ExplanationFor(cycle, guess), FixFor(cycle)};
}

}  // namespace detect
