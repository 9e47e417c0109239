// The fields of the JSON form, in the order in which they are written: one list per type, walked by
// the writer with const objects and by the reader with others.
//
//   io("name", value)            always there
//   io.MayLack("name", value)    left out where the value is empty, zero or false
//   io.Address("name", value)    a number as "0x…", since JSON readers round those above 2^53
//   io.Derived("name", f)        written as f() says, for readers' convenience; never read
//
// Context: monitor or tool.
#pragma once

#include <concepts>
#include <type_traits>
#include <vector>

#include "libdetect/report/report.h"

namespace detect::json_form {

// T is U or const U.
template <typename T, typename U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

template <typename Io>
void Fields(Io& io, Is<Report::Program> auto& program) {
  io("path", program.path);
  io("args", program.args);
  io("pid", program.pid);
  io("started", program.started);
  io.MayLack("exit_code", program.exit_code);
  io.MayLack("signal", program.signal);
}

template <typename Io>
void Fields(Io& io, Is<Report::Environment> auto& environment) {
  io("detect_version", environment.detect_version);
  io("route", environment.route);
  io("kernel", environment.kernel);
  io("libc", environment.libc);
  io("machine", environment.machine);
}

template <typename Io>
void Fields(Io& io, Is<Frame> auto& frame) {
  io.MayLack("function", frame.function);
  io.MayLack("file", frame.file);
  io.MayLack("line", frame.line);
  io.MayLack("inlined", frame.inlined);
  io.MayLack("module", frame.module);
  io.Address("module_offset", frame.module_offset);
  io.Address("pc", frame.pc);
}

template <typename Io>
void Fields(Io& io, Is<ReportThread> auto& thread) {
  io("id", thread.id);
  io("tid", thread.tid);
  io("pid", thread.pid);
  io("name", thread.name);
  io("state", thread.state);
  io("daemon", thread.daemon);
}

template <typename Io>
void Fields(Io& io, Is<ReportResource> auto& resource) {
  io("id", resource.id);
  io("kind", resource.kind);
  io("name", resource.name);
  io.Address("address", resource.address);
  io("created_at", resource.created_at);
}

template <typename Io>
void Fields(Io& io, Is<ReportHold> auto& hold) {
  io("resource", hold.resource);
  io("mode", hold.mode);
  io("stack", hold.stack);
}

template <typename Io>
void Fields(Io& io, Is<ReportStep> auto& step) {
  io("thread", step.thread);
  io.MayLack("waits_for", step.waits_for);
  io.MayLack("condition", step.condition);
  io("mode", step.mode);
  io("since_seconds", step.since_seconds);
  io("has_deadline", step.has_deadline);
  io.MayLack("blocker", step.blocker);
  io("holds", step.holds);
  io("stack", step.stack);
}

// Returns the ids of all threads of a finding, in the order of its steps.
inline std::vector<uint32_t> ThreadsOf(const Finding& finding) {
  std::vector<uint32_t> ids;
  for (const auto* steps : {&finding.cycle, &finding.involved, &finding.queued}) {
    for (const ReportStep& step : *steps) ids.push_back(step.thread);
  }
  return ids;
}

template <typename Io>
void Fields(Io& io, Is<Finding> auto& finding) {
  io("rule", finding.rule);
  io("verdict", finding.verdict);
  io("fingerprint", finding.fingerprint);
  io("summary", finding.summary);
  io("explanation", finding.explanation);
  io("fix", finding.fix);
  io("since_seconds", finding.since_seconds);
  io.Derived("threads", [&] { return ThreadsOf(finding); });
  io("cycle", finding.cycle);
  io("involved", finding.involved);
  io("queued", finding.queued);
}

// What follows "format" and "version", which are looked at before anything else.
template <typename Io>
void Fields(Io& io, Is<Report> auto& report) {
  io("program", report.program);
  io("environment", report.environment);
  io("threads", report.threads);
  io("resources", report.resources);
  io("findings", report.findings);
  io.Derived("contention", [] { return std::vector<uint32_t>(); });
  io("losses", report.losses);
  io("notes", report.notes);
}

}  // namespace detect::json_form
