// The catalogue: twenty structures that go wrong only when threads meet in a certain way, each with
// its healthy twin, and how long it takes to make one fail.
//
//   for (const Entry& entry : Entries()) Attack(entry, Form::kBug, {.seed = 1, .perturb = …});
//
// Context: tool. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "libdetect/base/options.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

struct Entry {
  const char* name;
  uint32_t threads;
  std::unique_ptr<Attempt> (*make)(Form form);
};

std::span<const Entry> Entries();

struct AttackOptions {
  uint64_t seed = 1;
  Perturb perturb = Perturb::kOff;
  std::chrono::milliseconds limit{10'000};
};

struct AttackResult {
  bool has_failed = false;
  bool was_hang = false;
  uint64_t rounds = 0;  // the failing one included
  std::chrono::nanoseconds time{0};
};

// Makes attempts until one fails, or the time is over. Threads that hang are left behind.
AttackResult Attack(const Entry& entry, Form form, const AttackOptions& options);

}  // namespace detect::catalogue
