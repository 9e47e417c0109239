// ProcessProbe asks the kernel about a process, to check what its region claims.
//
// The region says what threads meant to do; the kernel knows whether they sleep, and the lock word
// itself says who owns it. A deadlock is called proven only when all three agree.
//
// Context: monitor. Threads: one at a time. It reads /proc and never stops or signals anybody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace detect {

class ProcessProbe {
 public:
  explicit ProcessProbe(int32_t pid);
  ~ProcessProbe();
  ProcessProbe(const ProcessProbe&) = delete;
  ProcessProbe& operator=(const ProcessProbe&) = delete;

  // Returns whether the thread sleeps in the kernel; nullopt when the kernel does not tell, as for
  // a process that has ended.
  std::optional<bool> IsSleeping(int32_t tid) const;

  // Returns how many threads the process has; 0 when the kernel does not tell.
  uint32_t CountThreads() const;

  // Returns the kernel's name of a thread, at most 15 bytes; empty when it does not tell.
  std::string ThreadName(int32_t tid) const;

  // Returns the 32-bit word at `address`; nullopt when it cannot be read.
  std::optional<int32_t> ReadWord(uint64_t address) const;

 private:
  const int32_t pid_;
  // Another process's /proc/PID/mem; -1 when it may not be read, and in the program itself.
  int memory_fd_ = -1;
};

}  // namespace detect
