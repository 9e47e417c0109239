#include "libdetect/base/edit_distance.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace detect {

size_t EditDistance(std::string_view a, std::string_view b) {
  if (std::max(a.size(), b.size()) > kMaxEditDistanceLength) return SIZE_MAX;

  // rows[i % 3][j] is the distance from the first i letters of `a` to the first j of `b`.
  std::array<std::array<size_t, kMaxEditDistanceLength + 1>, 3> rows;
  for (size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, substituted});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::string_view ClosestName(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view closest;
  size_t limit = std::min<size_t>(3, name.size() / 2 + 1);
  for (std::string_view candidate : candidates) {
    size_t distance = EditDistance(name, candidate);
    if (distance < limit) {
      closest = candidate;
      limit = distance;
    }
  }
  return closest;
}

}  // namespace detect
