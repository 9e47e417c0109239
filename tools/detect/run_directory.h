// RunDirectory is the private place where the observed processes of one run put their regions.
//
//   $XDG_RUNTIME_DIR, /dev/shm or /tmp
//     └── detect-run-Xa81bC/        0700, locked while its run lives
//           ├── hub                 see hub.h
//           └── 4242-0.region       one for each process
//
// A run that was killed leaves its directory behind; the next run removes it.
//
// Context: tool. Threads: one at a time.
#pragma once

#include <memory>
#include <string>

namespace detect {

class RunDirectory {
 public:
  // Returns null, with one line in `error`, when no place can be had.
  static std::unique_ptr<RunDirectory> Make(std::string* error);

  // Removes it with all that is in it; processes that still run keep what they have mapped.
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  RunDirectory(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

  const std::string path_;
  const int lock_fd_;
};

}  // namespace detect
