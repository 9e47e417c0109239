#include "tools/detect/merge_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace detect {
namespace {

using ::testing::SizeIs;

// Thread 1 holds lock 1 and waits for itself.
Report ReportOf(const std::string& thread_name, const std::string& lock_name) {
  Report report;
  report.threads.emplace_back();
  report.threads[0].id = 1;
  report.threads[0].name = thread_name;
  report.resources.emplace_back();
  report.resources[0].id = 1;
  report.resources[0].name = lock_name;
  ReportStep step;
  step.thread = 1;
  step.waits_for = 1;
  step.condition = 1;
  step.blocker = 1;
  step.holds.emplace_back().resource = 1;
  Finding finding;
  finding.cycle = {step};
  finding.involved = {step};
  finding.queued = {step};
  report.findings.push_back(finding);
  report.losses["threads"] = 2;
  report.notes = {"note of " + thread_name};
  return report;
}

TEST(MergeReport, LeavesAReportAsItIsWhenThereIsNoOther) {
  Report merged;

  MergeReport(ReportOf("a", "x"), &merged);

  EXPECT_EQ(merged, ReportOf("a", "x"));
}

TEST(MergeReport, KeepsThreadsAndLocksOfTwoProcessesApart) {
  Report merged = ReportOf("a", "x");

  MergeReport(ReportOf("b", "y"), &merged);

  ASSERT_THAT(merged.threads, SizeIs(2));
  EXPECT_EQ(merged.threads[1].id, 2u);
  EXPECT_EQ(merged.resources[1].id, 2u);
  ASSERT_THAT(merged.findings, SizeIs(2));
  EXPECT_EQ(merged.findings[0], ReportOf("a", "x").findings[0]);
  const Finding& finding = merged.findings[1];
  for (const auto* steps : {&finding.cycle, &finding.involved, &finding.queued}) {
    const ReportStep& step = steps->at(0);
    EXPECT_EQ(step.thread, 2u);
    EXPECT_EQ(step.waits_for, 2u);
    EXPECT_EQ(step.condition, 2u);
    EXPECT_EQ(step.blocker, 2u);
    EXPECT_EQ(step.holds[0].resource, 2u);
  }
}

TEST(MergeReport, AddsLossesUpAndKeepsAllNotes) {
  Report merged = ReportOf("a", "x");

  MergeReport(ReportOf("b", "y"), &merged);

  EXPECT_EQ(merged.losses["threads"], 4u);
  EXPECT_THAT(merged.notes, ::testing::ElementsAre("note of a", "note of b"));
}

}  // namespace
}  // namespace detect
