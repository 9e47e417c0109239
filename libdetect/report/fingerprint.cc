#include "libdetect/report/fingerprint.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace detect {
namespace {

// FNV-1a, 64 bits (Fowler, Noll, Vo). Each text is followed by a zero, so that "ab"+"c" and
// "a"+"bc" differ.
class Fnv1a {
 public:
  void Add(std::string_view text) {
    for (char c : text) AddByte(static_cast<uint8_t>(c));
    AddByte(0);
  }
  uint64_t value() const { return value_; }

 private:
  void AddByte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3u; }

  uint64_t value_ = 0xcbf29ce484222325u;
};

// Returns where the lexicographically least rotation of `cycle` begins. Two candidates run against
// each other; the loser can not begin anywhere in what it has matched so far (Booth 1980, in the
// two-pointer form).
size_t LeastRotation(const std::vector<FingerprintStep>& cycle) {
  const size_t n = cycle.size();
  size_t a = 0;
  size_t b = 1;
  size_t matched = 0;
  while (a < n && b < n && matched < n) {
    const auto order = cycle[(a + matched) % n] <=> cycle[(b + matched) % n];
    if (order == 0) {
      ++matched;
      continue;
    }
    size_t& loser = order > 0 ? a : b;
    loser += matched + 1;
    if (a == b) ++b;
    matched = 0;
  }
  return std::min(a, b);
}

}  // namespace

std::string Fingerprint(std::string_view rule, const std::vector<FingerprintStep>& cycle) {
  Fnv1a hash;
  hash.Add(rule);
  const size_t begin = LeastRotation(cycle);
  for (size_t i = 0; i < cycle.size(); ++i) {
    const FingerprintStep& step = cycle[(begin + i) % cycle.size()];
    hash.Add(step.lock);
    hash.Add(step.acquired_in);
    hash.Add(step.waits_in);
  }
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(hash.value()));
  return digits;
}

}  // namespace detect
