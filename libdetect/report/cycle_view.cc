#include "libdetect/report/cycle_view.h"

#include "libdetect/report/visible_frames.h"

namespace detect {

std::string CycleView::WaitsAt(size_t i) const { return ShortLocation(Step(i).stack); }

const ReportHold* CycleView::Held(size_t i) const {
  const ReportStep& step = Step(i);
  const ReportStep& before = Step(i + size() - 1);
  if (step.holds.empty() || step.holds.front().resource != before.waits_for) return nullptr;
  return &step.holds.front();
}

std::string CycleView::HeldAt(size_t i) const {
  const ReportHold* held = Held(i);
  return held == nullptr ? "" : ShortLocation(held->stack);
}

std::string CycleView::Span(size_t i) const {
  const std::string held_at = HeldAt(i);
  const std::string waits_at = WaitsAt(i);
  if (held_at.empty() || held_at == waits_at) return waits_at;
  if (waits_at.empty()) return held_at;

  const Frame& from = *FirstVisibleFrame(Held(i)->stack);
  const Frame& to = *FirstVisibleFrame(Step(i).stack);
  if (from.file == to.file && from.line > 0 && from.line < to.line)
    return held_at + "-" + std::to_string(to.line);
  return held_at + " and " + waits_at;
}

}  // namespace detect
