// Hub is one word that all observed processes share, to wake the observer at once.
//
//   a thread closes a cycle ──► raises the word ──► FUTEX_WAKE ──► the observer scans now,
//   a signal reaches detect ──►                                    not at the next interval
//
// Context: monitor. Threads: any. Signal-safe: Nudge.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace detect {

class Hub {
 public:
  // Makes `directory`/hub, new and for this user only. Returns null, errno set, when it cannot.
  static std::unique_ptr<Hub> Make(const std::string& directory);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // How often anybody has raised it.
  uint32_t count() const { return word_->load(std::memory_order_acquire); }

  void Nudge();

  // Blocks: until the count is no longer `seen`, or `timeout` is over.
  void Wait(uint32_t seen, std::chrono::nanoseconds timeout) const;

 private:
  explicit Hub(std::atomic<uint32_t>* word) : word_(word) {}

  std::atomic<uint32_t>* const word_;
};

}  // namespace detect
