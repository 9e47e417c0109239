// Snapshot is what every thread of one process held and waited for, at one look.
//
//   region reader ──┐
//   live process  ──┼─► Snapshot ─► analysis
//   test builder  ──┘
//
// It is plain data, in flat tables that refer to each other by index, so that reading 4,000 threads
// costs a few allocations. Names and stacks stand apart: a look that only decides whether there is
// a deadlock reads none; they are added for the threads that a finding shows.
//
// Context: monitor. Threads: a value; share it as const.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libdetect/base/kinds.h"

namespace detect {

// Positions in Snapshot::threads and Snapshot::resources.
using ThreadIndex = uint32_t;
using ResourceIndex = uint32_t;
inline constexpr ResourceIndex kNoResource = UINT32_MAX;
inline constexpr ThreadIndex kNoThread = UINT32_MAX;

// Return addresses, innermost first, as the process itself would use them.
using Stack = std::vector<uint64_t>;

// Positions in Snapshot::names and Snapshot::stacks; at 0 stands the empty one, for "not known".
using NameIndex = uint32_t;
using StackIndex = uint32_t;

enum class ThreadState : uint8_t {
  kRunning,  // or waits for something that no one recorded: I/O, sleep, a raw futex
  kWaiting,  // Thread::wait says for what
  kEnded,    // gone, but it left locks held
};

struct Wait {
  ResourceIndex resource = kNoResource;
  AccessMode mode = AccessMode::kExclusive;
  // The mutex that a condition wait must take again before it returns, or kNoResource.
  ResourceIndex relock = kNoResource;
  // Whose members alone can end the wait for a future that nobody runs. kNoResource where others
  // can.
  ResourceIndex pool = kNoResource;
  // Of a semaphore whose takers alone release its permits: how many there are. 0: anyone may.
  uint32_t permits = 0;
  // True where the wait ends by itself at some time. A condition's deadline does not cover
  // `relock`.
  bool has_deadline = false;
  // Where in the lock the kernel id of its owner stands, bytes; 0: it does not.
  uint32_t owner_offset = 0;
  // Counts this thread's waits: equal in two looks means that it never stopped waiting in between.
  uint64_t sequence = 0;
  // When the wait began, nanoseconds of CLOCK_MONOTONIC.
  int64_t since_ns = 0;
  StackIndex stack = 0;
};

struct Thread {
  uint32_t id = 0;  // 1, 2, … in the order in which the process made them; never reused
  int32_t tid = 0;  // the kernel's
  NameIndex name = 0;
  ThreadState state = ThreadState::kRunning;
  bool daemon = false;
  std::optional<Wait> wait;  // has a value exactly when state is kWaiting
  // The condition that it last notified while nobody waited there, and where; kNoResource where
  // nobody waits for that now.
  ResourceIndex unheard = kNoResource;
  StackIndex unheard_stack = 0;
};

struct Hold {
  ThreadIndex thread = kNoThread;
  ResourceIndex resource = kNoResource;
  AccessMode mode = AccessMode::kExclusive;
  uint16_t count = 1;    // of a recursive lock, or of permits
  uint32_t site = 0;     // the recorder's number for the acquiring call stack; 0: not known
  StackIndex stack = 0;  // where it was acquired, a few frames
};

struct Resource {
  ResourceKind kind = ResourceKind::kUnknown;
  RwPreference preference = RwPreference::kReaders;
  uint64_t address = 0;            // where it lives in its process; 0 for a thread
  ThreadIndex thread = kNoThread;  // kThread: which one; kNoThread when that one has ended
  NameIndex name = 0;              // as given by the user
  uint32_t creation_site = 0;      // as Hold::site
  StackIndex created_at = 0;
};

// Something that a thread did against the rules; it may have ended since.
struct MisuseSeen {
  Misuse misuse = Misuse::kHeldAtExit;
  uint32_t thread_id = 0;  // Thread::id
  ResourceIndex resource = kNoResource;
  ResourceIndex other_resource = kNoResource;  // what stands against it
  uint32_t other_thread_id = 0;                // or who; 0: nobody
  uint32_t site = 0;  // as Hold::site: where it was done, and what it goes against
  uint32_t other_site = 0;
  StackIndex stack = 0;
  StackIndex other_stack = 0;
};

struct Snapshot {
  int32_t pid = 0;
  int64_t taken_ns = 0;  // CLOCK_MONOTONIC
  std::vector<Thread> threads;
  std::vector<Resource> resources;
  std::vector<Hold> holds;          // in each thread's order of acquisition
  std::vector<MisuseSeen> misuses;  // those that came since the look before
  std::vector<std::string> names = {""};
  std::vector<Stack> stacks = {{}};
  // Threads of the process that the recorder has never met. While there are any, somebody unknown
  // may end a wait that has no owner.
  uint32_t unseen_threads = 0;

  // Return the new one's position; 0 for what is empty.
  NameIndex AddName(std::string name) {
    if (name.empty()) return 0;
    names.push_back(std::move(name));
    return static_cast<NameIndex>(names.size() - 1);
  }
  StackIndex AddStack(Stack stack) {
    if (stack.empty()) return 0;
    stacks.push_back(std::move(stack));
    return static_cast<StackIndex>(stacks.size() - 1);
  }
};

}  // namespace detect
