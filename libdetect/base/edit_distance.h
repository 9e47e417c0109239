// EditDistance and ClosestName: the "did you mean" of every message that refuses a name.
//
//   intervall ─► interval  (1: one letter too many)      dmup ─► dump  (1: two letters swapped)
//
// The distance is that of optimal string alignment: insertions, deletions, substitutions and swaps
// of neighbours, each of cost 1; a table of three rows (Damerau 1964, restricted form).
//
// Context: hot, in that it needs no allocation. Threads: pure.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace detect {

// Names longer than this are like nothing else.
inline constexpr size_t kMaxEditDistanceLength = 64;

// Returns how many edits turn `a` into `b`; SIZE_MAX where either is too long.
// Cost: product of the lengths.
size_t EditDistance(std::string_view a, std::string_view b);

// Returns the candidate that was most likely meant by `name`; empty when none is close: within two
// edits, and no more than half of `name` different. The first of equally close ones wins.
std::string_view ClosestName(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace detect
