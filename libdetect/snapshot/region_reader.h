// RegionReader makes Snapshots of a recorder's region, its own process's or another's.
//
//   region file or memory ──► structure (who holds, who waits) ──► names and stacks, if it matters
//
// It believes nothing it reads: every count, index and string is checked against what it can be,
// and each field is read once. A hostile region gives a wrong Snapshot, never a crash.
//
// A thread is reported as waiting only when its wait sequence was the same odd number before and
// after its slot was read: all that is said of it was then true at one instant.
//
// Context: monitor. Threads: one at a time. Memory: one mapping.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libdetect/snapshot/snapshot.h"

namespace detect {

class RegionReader {
 public:
  // Maps the region file at `path`, read-only and never through a link. Returns null and one line
  // in `error` when it is not there yet, is truncated, or is not a region of this version.
  static std::unique_ptr<RegionReader> Open(const std::string& path, std::string* error);

  // Reads the calling process's own region. Returns null when recording is off.
  static std::unique_ptr<RegionReader> OfThisProcess();

  virtual ~RegionReader() = default;

  virtual int32_t pid() const = 0;

  // One look at all threads, without names and stacks. Returns the reader's own Snapshot, which the
  // next look overwrites: its tables keep their memory. Cost: linear in threads + holds.
  virtual Snapshot& Read() = 0;

  // Adds to the last look the names of all threads and resources, where those resources were
  // created, and the stacks of the waits and holds of `threads`.
  virtual void FillDetails(const std::vector<ThreadIndex>& threads) = 0;

  // Returns true when each of `threads` is still in the very wait that the last look showed.
  virtual bool StillWaiting(const std::vector<ThreadIndex>& threads) = 0;

  // What was not recorded: reason and count, only counts above 0.
  virtual std::map<std::string, uint64_t> Losses() const = 0;
};

}  // namespace detect
