// lincheck FILE...: says of each recorded history whether it is linearizable, and how long that
// took.
//
//   etcd_002.log   linearizable           3 ms
//   etcd_000.log   not linearizable       5 ms   line 31: read() = 4; could have returned: 2
//
// Exit code: 0 when all are linearizable, 1 when any is not or was not decided, 2 when a file could
// not be read.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "libdetect/harness/linearizability.h"
#include "tools/lincheck/jepsen_log.h"

namespace detect {
namespace {

constexpr int kAllLinearizable = 0;
constexpr int kSomeNot = 1;
constexpr int kCannotRead = 2;

struct Told {
  const char* verdict = "";
  std::string detail;
};

template <typename Model>
Told Tell(const History<Model>& history, const HistoryCheck<Model>& check) {
  switch (check.verdict) {
    case Linearizability::kYes:
      return {"linearizable", ""};
    case Linearizability::kNotDecided:
      return {"not decided", check.why};
    case Linearizability::kBadModel:
    case Linearizability::kNotRun:
      return {"bad model", check.why};
    case Linearizability::kNo:
      break;
  }
  if (!check.unexplained) return {"not linearizable", check.why};
  const RecordedCall<Model>& call = history[*check.unexplained];
  std::string detail =
      "line " + std::to_string(call.time.returned) + ": " + Model::Tell(call.input);
  const std::string result = Model::Tell(call.input, *call.output);
  if (!result.empty()) detail += " = " + result;
  const char* separator = "; could have returned: ";
  for (const typename Model::Output& output : check.could_return) {
    detail += separator + Model::Tell(call.input, output);
    separator = " or ";
  }
  return {"not linearizable", detail};
}

// Returns an exit code.
int CheckFile(const std::string& file, const CheckLimits& limits) {
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in) {
    std::fprintf(stderr, "lincheck: cannot read %s\n", file.c_str());
    return kCannotRead;
  }
  const ParsedLog log = ParseJepsenLog(text);
  if (!log.error.empty()) {
    std::fprintf(stderr, "lincheck: %s, %s\n", file.c_str(), log.error.c_str());
    return kCannotRead;
  }
  return std::visit(
      [&](const auto& history) {
        const auto start = std::chrono::steady_clock::now();
        const auto check = CheckHistory(history, limits);
        const std::chrono::duration<double, std::milli> taken =
            std::chrono::steady_clock::now() - start;
        const Told told = Tell(history, check);
        std::printf("%s\t%s\t%.1f ms\t%s\n", file.c_str(), told.verdict, taken.count(),
                    told.detail.c_str());
        return check.verdict == Linearizability::kYes ? kAllLinearizable : kSomeNot;
      },
      log.history);
}

}  // namespace
}  // namespace detect

int main(int argc, char** argv) {
  CLI::App app("Says of each recorded history whether it is linearizable.", "lincheck");
  std::vector<std::string> files;
  app.add_option("FILE", files, "Jepsen logs: of a register, or of a store of keys and values")
      ->required();
  int64_t milliseconds = 10'000;
  app.add_option("--time", milliseconds, "milliseconds for each file, then: not decided")
      ->check(CLI::PositiveNumber);
  size_t mebibytes = 512;
  app.add_option("--memory", mebibytes, "mebibytes for each file, then: not decided")
      ->check(CLI::Range(size_t{1}, size_t{1} << 20));
  CLI11_PARSE(app, argc, argv);

  const detect::CheckLimits limits{std::chrono::milliseconds(milliseconds), mebibytes << 20};
  int exit_code = 0;
  for (const std::string& file : files) {
    exit_code = std::max(exit_code, detect::CheckFile(file, limits));
  }
  return exit_code;
}
