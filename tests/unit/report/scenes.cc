#include "tests/unit/report/scenes.h"

#include <chrono>

#include "libdetect/analysis/wait_for_graph.h"
#include "libdetect/report/report_builder.h"
#include "tests/testing/snapshot_builder.h"

namespace detect {

using std::chrono_literals::operator""s;

const std::vector<Scene>& GoldenScenes() {
  static const auto* const scenes = new std::vector<Scene>{
      {"two_cycle", TwoCycle},
      {"three_cycle_with_queue", ThreeCycleWithQueue},
      {"self_deadlock", SelfDeadlock},
      {"temporary_cycle", TemporaryCycle},
      {"condition_retake", ConditionRetake},
      {"ended_owner", EndedOwner},
      {"pool_starvation", PoolStarvation},
      {"lost_notification", LostNotification},
      {"rank_broken", RankBroken},
      {"confinement_broken", ConfinementBroken},
  };
  return *scenes;
}

Report ReportOn(const Snapshot& snapshot, Symbolizer& symbolizer) {
  ReportBuilder builder;
  for (const Deadlock& deadlock : FindDeadlocks(snapshot))
    builder.AddDeadlock(snapshot, deadlock, symbolizer);
  for (const MisuseSeen& misuse : snapshot.misuses) builder.AddMisuse(snapshot, misuse, symbolizer);
  Report& report = *builder.report();
  report.program.path = "/usr/bin/bank";
  report.program.args = {"--accounts", "7"};
  report.program.pid = snapshot.pid;
  report.program.started = "2024-02-29T12:00:00Z";
  report.environment = {"1.0.0", "run", "6.1.0", "glibc 2.36", "x86_64"};
  return report;
}

Report TwoCycle() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.Holds("writer", "accounts").Waits("writer", "audit");
  s.Holds("auditor", "audit").Waits("auditor", "accounts");
  s.HoldStack("writer", "accounts", at.Locks("transfer(int)", "/src/bank.cc", 41));
  s.WaitStack("writer", at.Locks("transfer(int)", "/src/bank.cc", 44));
  s.HoldStack("auditor", "audit", at.Locks("bank::Log::write()", "/src/log.cc", 18));
  s.WaitStack("auditor", at.Locks("bank::Log::write()", "/src/log.cc", 22));
  Report report = ReportOn(s.Build(), at);
  report.program.exit_code = 66;
  return report;
}

Report ThreeCycleWithQueue() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.Holds("loader", "cache").Waits("loader", "index");
  s.Holds("merger", "index").Waits("merger", "journal");
  s.Holds("syncer", "journal").Waits("syncer", "cache");
  s.HoldStack("loader", "cache", at.Locks("Load", "/src/load.cc", 10));
  s.WaitStack("loader", at.Locks("Load", "/src/load.cc", 12));
  s.HoldStack("merger", "index", at.Locks("Merge", "/src/merge.cc", 20));
  s.WaitStack("merger", at.Locks("Merge", "/src/merge.cc", 27));
  s.HoldStack("syncer", "journal", at.Locks("Sync", "/src/sync.cc", 30));
  s.WaitStack("syncer", at.Locks("Flush", "/src/flush.cc", 5));
  for (int i = 1; i <= 5; ++i) {
    const std::string reader = "reader-" + std::to_string(i);
    s.Waits(reader, "cache").WaitStack(reader, at.Locks("Get", "/src/get.cc", 8));
  }
  Report report = ReportOn(s.Build(), at);
  report.program.signal = 9;
  report.losses["held_locks"] = 12;
  report.notes = {"2 threads were started before detect was."};
  return report;
}

Report SelfDeadlock() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.Holds("main", "settings").Waits("main", "settings");
  s.HoldStack("main", "settings", at.Locks("Reload", "/src/settings.cc", 7));
  s.WaitStack("main", at.Locks("Get", "/src/settings.cc", 31));
  Snapshot snapshot = s.Build();
  snapshot.resources[0].name = 0;
  snapshot.resources[0].created_at =
      snapshot.AddStack({at.Address("Settings::Settings()", "/src/settings.h", 12)});
  return ReportOn(snapshot, at);
}

Report TemporaryCycle() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.Holds("t1", "A").Waits("t1", "B").Holds("t2", "B").WaitsUntil("t2", "A", 3s);
  s.HoldStack("t1", "A", at.Locks("First", "/src/one.cc", 1));
  s.WaitStack("t1", at.Locks("First", "/src/one.cc", 2));
  s.HoldStack("t2", "B", at.Locks("Second", "/src/two.cc", 3));
  s.WaitStack("t2", at.Locks("Second", "/src/two.cc", 4));
  return ReportOn(s.Build(), at);
}

Report ConditionRetake() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.Holds("consumer", "stats").WaitsOnCondition("consumer", "not_empty", "queue");
  s.Holds("producer", "queue").Waits("producer", "stats");
  s.HoldStack("consumer", "stats", at.Locks("Consume", "/src/consume.cc", 15));
  s.WaitStack("consumer", at.Locks("Consume", "/src/consume.cc", 19));
  s.HoldStack("producer", "queue", at.Locks("Produce", "/src/produce.cc", 8));
  s.WaitStack("producer", at.Locks("Produce", "/src/produce.cc", 9));
  return ReportOn(s.Build(), at);
}

Report EndedOwner() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.Holds("gone", "table").Ended("gone").Waits("stuck", "table").Runs("busy");
  s.HoldStack("gone", "table", at.Locks("Insert", "/src/table.cc", 60));
  s.WaitStack("stuck", at.Locks("Find", "/src/table.cc", 90));
  return ReportOn(s.Build(), at);
}

Report PoolStarvation() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.Kind("jobs", ResourceKind::kPool).Kind("sum 1", ResourceKind::kFuture);
  s.Kind("sum 2", ResourceKind::kFuture).Runs("main");
  s.IsMember("jobs-1", "jobs").WaitsForMember("jobs-1", "sum 1", "jobs");
  s.IsMember("jobs-2", "jobs").WaitsForMember("jobs-2", "sum 2", "jobs");
  s.WaitStack("jobs-1", at.Locks("SumHalves", "/src/sum.cc", 24));
  s.WaitStack("jobs-2", at.Locks("SumHalves", "/src/sum.cc", 24));
  return ReportOn(s.Build(), at);
}

Report LostNotification() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.WaitsOnCondition("consumer", "not empty", "mutex").Joins("main", "consumer");
  s.WaitStack("consumer", at.Locks("Get", "/src/queue.cc", 31));
  s.WaitStack("main", at.Locks("main", "/src/main.cc", 9));
  Snapshot snapshot = s.Build();
  snapshot.threads[s.thread("main")].unheard = s.resource("not empty");
  snapshot.threads[s.thread("main")].unheard_stack =
      snapshot.AddStack(at.Locks("Put", "/src/queue.cc", 17));
  return ReportOn(snapshot, at);
}

Report RankBroken() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.Runs("worker").Holds("worker", "journal");
  Snapshot snapshot = s.Build();
  MisuseSeen& misuse = snapshot.misuses.emplace_back();
  misuse.misuse = Misuse::kRank;
  misuse.thread_id = 1;
  misuse.resource = s.resource("accounts");
  misuse.other_resource = s.resource("journal");
  snapshot.resources = s.Build().resources;
  snapshot.names = s.Build().names;
  misuse.stack = snapshot.AddStack(at.Locks("Append", "/src/journal.cc", 52));
  misuse.other_stack = snapshot.AddStack(at.Locks("Append", "/src/journal.cc", 48));
  return ReportOn(snapshot, at);
}

Report ConfinementBroken() {
  FakeSymbolizer at;
  SnapshotBuilder s;
  s.Runs("ui").Runs("loader").Kind("window", ResourceKind::kUnknown);
  Snapshot snapshot = s.Build();
  MisuseSeen& misuse = snapshot.misuses.emplace_back();
  misuse.misuse = Misuse::kConfined;
  misuse.thread_id = 2;
  misuse.resource = s.resource("window");
  misuse.other_thread_id = 1;
  misuse.stack = snapshot.AddStack(at.Locks("Load", "/src/load.cc", 77));
  misuse.other_stack = snapshot.AddStack(at.Locks("Window::Window()", "/src/window.cc", 12));
  return ReportOn(snapshot, at);
}

}  // namespace detect
