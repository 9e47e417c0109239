#include "libdetect/harness/round_times.h"

#include <algorithm>
#include <map>
#include <utility>

namespace detect {

using std::chrono::nanoseconds;

StartSpread SpreadOf(const std::vector<ThreadTimes>& threads) {
  std::map<int, nanoseconds> first_starts;  // by core
  for (const ThreadTimes& thread : threads) {
    const auto [first, is_new] = first_starts.try_emplace(thread.core, thread.began);
    if (!is_new) first->second = std::min(first->second, thread.began);
  }
  if (first_starts.empty()) return {};
  const auto [earliest, latest] =
      std::minmax_element(first_starts.begin(), first_starts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; });
  return {.between_cores = latest->second - earliest->second,
          .cores = static_cast<int>(first_starts.size())};
}

Overlap OverlapOf(const std::vector<ThreadTimes>& threads) {
  std::vector<std::pair<nanoseconds, int>> steps;  // when, and how many more are inside from then
  steps.reserve(threads.size() * 2);
  for (const ThreadTimes& thread : threads) {
    steps.emplace_back(thread.began, +1);
    steps.emplace_back(thread.ended, -1);  // before a start at the same time: they did not meet
  }
  std::sort(steps.begin(), steps.end());
  Overlap overlap;
  int inside = 0;
  nanoseconds since{0};
  for (const auto& [time, more] : steps) {
    if (inside >= 1) overlap.inside += time - since;
    if (inside >= 2) overlap.together += time - since;
    inside += more;
    since = time;
  }
  return overlap;
}

}  // namespace detect
