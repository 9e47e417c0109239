// Team is a number of threads that begin the same work at the same moment, round after round.
//
//   RunRound ──wakes──► each thread comes to the gate and gives way to those still on their way;
//                       the last one says at which instant it opens
//   gate opens ───────► work(0) work(1) … work(N-1)
//   all are back ─────► RunRound returns; the threads are parked until the next one
//
// Of N threads at most one a core can start at once: those that are on a core when the gate opens
// wait for the instant there, spinning, and begin within fractions of a microsecond. The others are
// ready to run, and come whenever the kernel lets them.
//
// The threads are daemons. Those that are not back by the deadline are left behind for good, with
// their copy of `work`; the next round has a team of new threads.
//
// Context: tool. Threads: one at a time uses a Team; `work` runs on the team's threads at once.
// Cost: a round of 20 threads on 2 cores takes some 100 us; tests/benchmarks/contended_benchmark.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libdetect/harness/round_times.h"

namespace detect {

// How one thread's part of a round ended.
enum class Outcome : uint8_t {
  kMissing,   // it is not back: it hangs, or is only late
  kReturned,  // from the work
  kThrew,
  kLeft,  // the thread ended inside the work, as by pthread_exit
};

struct MemberResult {
  Outcome outcome = Outcome::kMissing;
  bool has_begun = false;  // false: not even through the gate
  ThreadTimes times;       // `ended` is that of the deadline where it is missing
  std::exception_ptr error;
  int32_t tid = 0;  // the kernel's
};

struct RoundResult {
  std::vector<MemberResult> members;

  // Returns whether each of them returned.
  bool IsComplete() const;
  // Returns those of the members that began.
  std::vector<ThreadTimes> Times() const;
};

class Team {
 public:
  using Work = std::function<void(uint32_t index)>;

  // Of threads that reports call "contended worker 0" and so on.
  explicit Team(size_t threads);
  // Of one thread for each of the names.
  explicit Team(std::vector<std::string> names);
  // Waits for the threads to end that are not left behind.
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  size_t size() const { return names_.size(); }

  // Runs `work` once in each thread. Blocks: until all are back, or the deadline.
  // An exception that `work` lets out is the member's result. A child process that was forked
  // inside `work` is ended where it comes back from it: it has no team.
  // Throws std::system_error where there cannot be so many threads.
  RoundResult RunRound(Work work, std::chrono::steady_clock::time_point deadline);

  // The same in two steps. AwaitRound may be asked again with a later deadline, until it returns
  // true or EndRound is called, which leaves behind whoever is missing.
  // Requires: each StartRound is followed by one EndRound.
  void StartRound(Work work);
  bool AwaitRound(std::chrono::steady_clock::time_point deadline);
  RoundResult EndRound();

  // Returns the kernel's ids of the threads that are there.
  std::vector<int32_t> Tids() const;

 private:
  struct Shared;
  class Place;

  void Assemble();
  void Dismiss();
  static void RunMember(const std::shared_ptr<Shared>& shared, uint32_t index);

  const std::vector<std::string> names_;
  std::shared_ptr<Shared> shared_;  // the threads have it too; null: nobody is there yet
};

}  // namespace detect
