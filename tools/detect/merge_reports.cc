#include "tools/detect/merge_reports.h"

#include <algorithm>

namespace detect {
namespace {

template <typename T>
uint32_t HighestId(const std::vector<T>& all) {
  uint32_t highest = 0;
  for (const T& one : all) highest = std::max(highest, one.id);
  return highest;
}

// Moves every id in a step up.
void Renumber(uint32_t threads, uint32_t resources, ReportStep* step) {
  step->thread += threads;
  if (step->blocker) *step->blocker += threads;
  if (step->waits_for) *step->waits_for += resources;
  if (step->condition) *step->condition += resources;
  for (ReportHold& hold : step->holds) hold.resource += resources;
}

}  // namespace

void MergeReport(const Report& from, Report* to) {
  const uint32_t threads = HighestId(to->threads);
  const uint32_t resources = HighestId(to->resources);
  for (ReportThread thread : from.threads) {
    thread.id += threads;
    to->threads.push_back(std::move(thread));
  }
  for (ReportResource resource : from.resources) {
    resource.id += resources;
    to->resources.push_back(std::move(resource));
  }
  for (Finding finding : from.findings) {
    for (auto* steps : {&finding.cycle, &finding.involved, &finding.queued}) {
      for (ReportStep& step : *steps) Renumber(threads, resources, &step);
    }
    to->findings.push_back(std::move(finding));
  }
  for (const auto& [reason, count] : from.losses) to->losses[reason] += count;
  to->notes.insert(to->notes.end(), from.notes.begin(), from.notes.end());
}

}  // namespace detect
