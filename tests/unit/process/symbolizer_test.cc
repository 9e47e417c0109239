#include "tools/process/symbolizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

namespace detect {
namespace {

using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::SizeIs;

const char kSubject[] = "tests/unit/process/symbolizer_subject";

// A running symbolizer_subject, and the addresses that it printed.
class Subject {
 public:
  explicit Subject(const std::string& path) {
    int ends[2];
    if (pipe(ends) != 0) ADD_FAILURE() << "pipe";
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      execl(path.c_str(), path.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    FILE* output = fdopen(ends[0], "r");
    char name[64];
    uint64_t address = 0;
    while (std::fscanf(output, "%63s %" SCNx64, name, &address) == 2) addresses_[name] = address;
    std::fclose(output);
    EXPECT_THAT(addresses_, Not(IsEmpty())) << path;
  }

  ~Subject() {
    if (pid_ > 0) Kill();
  }

  void Kill() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  pid_t pid() const { return pid_; }
  uint64_t operator[](const std::string& name) const { return addresses_.at(name); }

 private:
  pid_t pid_ = -1;
  std::map<std::string, uint64_t> addresses_;
};

void ExpectFrame(const Frame& frame, const std::string& function, int line) {
  EXPECT_EQ(frame.function, function);
  EXPECT_THAT(frame.file, EndsWith("symbolizer_subject.cc"));
  EXPECT_EQ(frame.line, line);
}

// The same program, placed by the loader and at a fixed address.
class ProcessSymbolizer : public ::testing::TestWithParam<const char*> {
 protected:
  Subject subject_{std::string(kSubject) + GetParam()};
  std::unique_ptr<Symbolizer> symbolizer_ = MakeProcessSymbolizer(subject_.pid());
};

INSTANTIATE_TEST_SUITE_P(, ProcessSymbolizer, ::testing::Values("", "_no_pie"), [](auto& info) {
  return std::string(info.param[0] == '\0' ? "Pie" : "NoPie");
});

TEST_P(ProcessSymbolizer, GivesInlinedFramesBeforeTheFunctionTheyAreIn) {
  std::vector<Frame> frames = symbolizer_->Symbolize(subject_["inlined"]);

  ASSERT_THAT(frames, SizeIs(2));
  ExpectFrame(frames[0], "Teller::Pay(int)", 41);
  ExpectFrame(frames[1], "Withdraw(Teller&, int)", 48);
  EXPECT_TRUE(frames[0].inlined);
  EXPECT_FALSE(frames[1].inlined);
  EXPECT_EQ(frames[1].pc, subject_["inlined"]);
  EXPECT_THAT(frames[1].module, EndsWith(kSubject + std::string(GetParam())));
}

TEST_P(ProcessSymbolizer, GivesInlinedFramesOfAFunctionInANamespace) {
  std::vector<Frame> frames = symbolizer_->Symbolize(subject_["house::Open"]);

  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_EQ(frames[0].function, "Teller::Pay(int)");
  EXPECT_EQ(frames[1].function, "house::Open(Teller&, int)");
}

TEST_P(ProcessSymbolizer, NamesAFunctionWithCLinkage) {
  std::vector<Frame> frames = symbolizer_->Symbolize(subject_["c"]);

  ASSERT_THAT(frames, SizeIs(1));
  ExpectFrame(frames[0], "c_function", 54);
}

TEST_P(ProcessSymbolizer, NamesAFunctionOfALibraryWithoutItsDebugInformation) {
  std::vector<Frame> frames = symbolizer_->Symbolize(subject_["libc"]);

  ASSERT_THAT(frames, Not(IsEmpty()));
  EXPECT_EQ(frames.back().function, "getenv");
  EXPECT_THAT(frames.back().module, EndsWith("libc.so.6"));
}

TEST_P(ProcessSymbolizer, NamesGlobalVariablesAndTheirMembers) {
  for (const char* name :
       {"bank.accounts_mu", "bank.branches[2].mu", "bank.vaults[1]", "bank.opened", "audit",
        "log_mutex", "house::keys", "behind_big_buffer"}) {
    EXPECT_THAT(symbolizer_->NameOfData(subject_[name]), Optional(std::string(name)));
  }
}

TEST_P(ProcessSymbolizer, NamesNoDataOutsideOfVariables) {
  EXPECT_EQ(symbolizer_->NameOfData(subject_["heap"]), std::nullopt);
  EXPECT_EQ(symbolizer_->NameOfData(subject_["stack"]), std::nullopt);
  EXPECT_EQ(symbolizer_->NameOfData(subject_["inlined"]), std::nullopt);
  EXPECT_EQ(symbolizer_->NameOfData(0), std::nullopt);
}

TEST_P(ProcessSymbolizer, AnUnknownAddressGivesAFrameWithNothingElse) {
  for (uint64_t address : {uint64_t{0}, uint64_t{1}, UINT64_MAX, subject_["heap"]}) {
    std::vector<Frame> frames = symbolizer_->Symbolize(address);

    Frame nothing;
    nothing.pc = address;
    EXPECT_THAT(frames, ::testing::ElementsAre(nothing));
  }
}

TEST_P(ProcessSymbolizer, StillNamesAProcessThatWasKilled) {
  subject_.Kill();

  ASSERT_THAT(symbolizer_->Symbolize(subject_["inlined"]), SizeIs(2));
  EXPECT_THAT(symbolizer_->NameOfData(subject_["audit"]), Optional(std::string("audit")));
}

TEST(ProcessSymbolizerOfAnotherFile, FallsBackToElfSymbolsWithoutDebugInformation) {
  Subject subject(std::string(kSubject) + "_no_debug");
  std::unique_ptr<Symbolizer> symbolizer = MakeProcessSymbolizer(subject.pid());

  std::vector<Frame> frames = symbolizer->Symbolize(subject["inlined"]);

  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(frames[0].function, "Withdraw(Teller&, int)");
  EXPECT_EQ(frames[0].line, 0);
  EXPECT_THAT(symbolizer->NameOfData(subject["audit"]), Optional(std::string("audit")));
  EXPECT_THAT(symbolizer->NameOfData(subject["bank.accounts_mu"]), Optional(std::string("bank+8")));
}

TEST(ProcessSymbolizerOfAnotherFile, ReadsAProgramThatWasDeletedWhileItRan) {
  std::string copy = ::testing::TempDir() + "/deleted_subject";
  std::filesystem::copy_file(kSubject, copy);
  Subject subject(copy);
  std::filesystem::remove(copy);
  std::unique_ptr<Symbolizer> symbolizer = MakeProcessSymbolizer(subject.pid());

  std::vector<Frame> frames = symbolizer->Symbolize(subject["inlined"]);

  ASSERT_THAT(frames, SizeIs(2));
  ExpectFrame(frames[0], "Teller::Pay(int)", 41);
}

TEST(ProcessSymbolizerOfAnotherFile, SaysNothingOfAProcessThatIsGone) {
  Subject subject(kSubject);
  pid_t pid = subject.pid();
  uint64_t address = subject["inlined"];
  subject.Kill();

  std::unique_ptr<Symbolizer> symbolizer = MakeProcessSymbolizer(pid);

  ASSERT_THAT(symbolizer->Symbolize(address), SizeIs(1));
  EXPECT_EQ(symbolizer->Symbolize(address)[0].function, "");
  EXPECT_EQ(symbolizer->NameOfData(subject["audit"]), std::nullopt);
}

}  // namespace
}  // namespace detect
