#include "libdetect/harness/configuration_set.h"

#include <algorithm>
#include <utility>

namespace detect {
namespace {

constexpr uint64_t kFree = UINT64_MAX;
constexpr size_t kFirstPlaces = 64;

uint64_t Hash(std::span<const uint64_t> words) {
  uint64_t hash = 0;
  for (uint64_t word : words) {
    // Half of a wide product depends on all bits of both factors.
    const auto product =
        static_cast<unsigned __int128>(hash ^ word ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
    hash = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  return hash;
}

}  // namespace

ConfigurationSet::ConfigurationSet(size_t words)
    : words_(words), places_(kFirstPlaces), table_(places_ * words_, kFree) {}

bool ConfigurationSet::Insert(std::span<const uint64_t> configuration) {
  if (MustGrow()) Grow();
  uint64_t* place = Find(configuration);
  if (*place != kFree) return false;
  std::copy(configuration.begin(), configuration.end(), place);
  ++size_;
  return true;
}

size_t ConfigurationSet::BytesToInsert() const {
  return table_.size() * sizeof(uint64_t) * (MustGrow() ? 3 : 1);
}

uint64_t* ConfigurationSet::Find(std::span<const uint64_t> configuration) {
  size_t place = Hash(configuration) & (places_ - 1);
  while (true) {
    uint64_t* words = &table_[place * words_];
    if (*words == kFree || std::equal(configuration.begin(), configuration.end(), words)) {
      return words;
    }
    place = (place + 1) & (places_ - 1);
  }
}

void ConfigurationSet::Grow() {
  places_ *= 2;
  const std::vector<uint64_t> old = std::exchange(table_, std::vector(places_ * words_, kFree));
  for (auto words = old.begin(); words != old.end(); words += words_) {
    if (*words != kFree) std::copy_n(words, words_, Find({&*words, words_}));
  }
}

}  // namespace detect
