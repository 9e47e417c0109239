// Recorded histories of real systems, with known verdicts: see testdata/histories/README.md.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>

#include "libdetect/harness/linearizability.h"
#include "tools/lincheck/jepsen_log.h"

namespace detect {
namespace {

const std::string kDirectory = "tests/unit/harness/testdata/histories/";

std::string Read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

Linearizability CheckFile(const std::string& path) {
  const ParsedLog log = ParseJepsenLog(Read(path));
  EXPECT_EQ(log.error, "");
  return std::visit([](const auto& history) { return CheckHistory(history).verdict; }, log.history);
}

TEST(RecordedHistories, AllHaveTheirKnownVerdicts) {
  std::ifstream verdicts(kDirectory + "verdicts.txt");
  int files = 0;

  for (std::string file, verdict; verdicts >> file >> verdict; ++files) {
    std::string path = kDirectory;
    path.append(file.starts_with("etcd") ? "etcd/" : "kv/").append(file);

    EXPECT_EQ(CheckFile(path),
              verdict == "linearizable" ? Linearizability::kYes : Linearizability::kNo)
        << file;
  }

  EXPECT_EQ(files, 64);
}

}  // namespace
}  // namespace detect
