#include "libdetect/report/text_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "libdetect/report/terminal_text.h"
#include "tests/testing/snapshot_builder.h"
#include "tests/unit/report/scenes.h"

namespace detect {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Report RingOf(uint32_t threads) {
  FakeSymbolizer at;
  return ReportOn(RingOfMutexes(threads), at);
}

long LinesOf(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(TextView, AReportWithoutFindingsIsOneLine) {
  Report report;
  report.program.path = "./prog";

  EXPECT_EQ(RenderText(report, {}), "detect: no deadlock found in ./prog.\n");
}

TEST(TextView, LossesAndNotesAreSaidEvenWithoutFindings) {
  Report report;
  report.losses["threads"] = 3;
  report.notes = {"the program was killed"};

  const std::string text = RenderText(report, {});

  EXPECT_THAT(text, HasSubstr("Not recorded: 3 threads"));
  EXPECT_THAT(text, HasSubstr("Note: the program was killed"));
}

TEST(TextView, ALongCycleShowsItsFirstFewThreads) {
  const std::string text = RenderText(RingOf(100), {});

  EXPECT_THAT(text, HasSubstr("\n  … 96 more\n"));
  EXPECT_LE(LinesOf(text), 25);
}

TEST(TextView, VerboseShowsEveryThreadOfALongCycle) {
  TextOptions options;
  options.verbose = true;

  const std::string text = RenderText(RingOf(100), options);

  EXPECT_THAT(text, Not(HasSubstr("… 96 more")));
  EXPECT_THAT(text, HasSubstr("\n  t99 "));
}

TEST(TextView, TheFirstScreenHasAtMostTwentyFiveLinesHoweverMuchThereIsToSay) {
  Report report = RingOf(6);
  Finding& finding = report.findings[0];
  finding.involved.assign(20, finding.cycle[0]);
  finding.involved[3].waits_for.reset();
  finding.queued.assign(5000, finding.cycle[1]);
  finding.verdict = Verdict::kTemporary;
  for (std::string* text : {&finding.summary, &finding.explanation, &finding.fix}) {
    for (int i = 0; i < 500; ++i) *text += " and so on";
  }
  report.findings.assign(50, finding);
  report.notes.assign(40, "a note");
  report.losses = {{"threads", 1}};

  for (size_t width : {0u, 40u, 80u, 100u, 200u}) {
    TextOptions options;
    options.width = width;
    options.report_path = "report.json";
    const std::string text = RenderText(report, options);

    EXPECT_LE(LinesOf(text), 25) << width;
    EXPECT_THAT(text, HasSubstr("+ 49 more findings in the report")) << width;
  }
}

TEST(TextView, SeveralShortFindingsShareTheFirstScreen) {
  Report report = TwoCycle();
  report.findings.push_back(report.findings[0]);

  const std::string text = RenderText(report, {});

  EXPECT_THAT(text, HasSubstr("detect explain deadlock\n\ndetect: DEADLOCK"));
}

TEST(TextView, NamesCanNotMoveTheCursor) {
  Report report = TwoCycle();
  report.threads[0].name = "\x1b[2J\nwriter";
  report.resources[0].name = "\u202esknab\xff";
  report.findings[0].summary = "\a!";
  report.findings[0].fix = "\x1b]0;x\a";
  report.program.path = "\x1b[H";
  report.notes = {"\r\x1b[K"};
  TextOptions options;
  options.verbose = true;
  options.report_path = "\x1b[5m";

  for (const std::string& text :
       {RenderText(report, options), RenderFinding(report, report.findings[0], options)}) {
    std::string one_line = text;
    std::replace(one_line.begin(), one_line.end(), '\n', ' ');
    EXPECT_EQ(EscapeForTerminal(one_line), one_line);
    EXPECT_THAT(text, HasSubstr("\\x1b[2J\\nwriter"));
  }
}

TEST(TextView, ColourIsUsedOnlyWhenAskedFor) {
  TextOptions options;
  EXPECT_THAT(RenderText(TwoCycle(), options), Not(HasSubstr("\x1b")));

  options.color = true;
  EXPECT_THAT(RenderText(TwoCycle(), options),
              StartsWith("detect: \x1b[1;31mDEADLOCK (proven)\x1b[0m: "));
  EXPECT_THAT(RenderText(TemporaryCycle(), options),
              StartsWith("detect: \x1b[1;33mDEADLOCK (temporary)\x1b[0m: "));
}

TEST(TextView, AFindingIsTheSameAloneAsInItsReport) {
  const Report report = TwoCycle();

  EXPECT_EQ(RenderFinding(report, report.findings[0], {}), RenderText(report, {}));
}

TEST(TextView, AFindingAndTheTailMakeTheWholeReport) {
  const Report report = ThreeCycleWithQueue();

  EXPECT_EQ(RenderFinding(report, report.findings[0], {}) + RenderTail(report, {}),
            RenderText(report, {}));
}

TEST(TextView, ReadersAndWritersAreToldApart) {
  SnapshotBuilder s;
  s.RwLock("cache", RwPreference::kWriters);
  s.Reads("r", "cache").Waits("w", "cache").WaitsToRead("r", "cache");
  FakeSymbolizer at;

  const std::string text = RenderText(ReportOn(s.Build(), at), {});

  EXPECT_THAT(text, HasSubstr("  r  reads cache        waits to read cache\n"));
  EXPECT_THAT(text, HasSubstr("  w  is next for cache  waits to write cache\n"));
}

TEST(TextView, AJoinedThreadIsSaidToBeJoined) {
  SnapshotBuilder s;
  s.Holds("main", "A").Joins("main", "worker").Waits("worker", "A");
  FakeSymbolizer at;

  const std::string text = RenderText(ReportOn(s.Build(), at), {});

  EXPECT_THAT(text, HasSubstr("  main    holds A    joins thread worker\n"));
  EXPECT_THAT(text, HasSubstr("  worker  is joined  waits for A\n"));
}

TEST(TextView, ADamagedReportIsShownAsFarAsItGoes) {
  Report report = TwoCycle();
  report.threads.clear();
  report.resources.clear();
  report.findings[0].cycle[0].waits_for.reset();
  report.findings.push_back(Finding());

  EXPECT_THAT(RenderText(report, {}), HasSubstr("a thread not in this report"));
}

}  // namespace
}  // namespace detect
