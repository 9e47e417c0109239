#include "tools/process/executable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace detect {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kSubjects = "tests/unit/process/";

class InspectExecutableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "/executable_test";
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directory(directory_);
  }

  std::string WriteProgram(const std::string& name, const std::string& contents,
                           mode_t mode = 0755) {
    std::string path = directory_ + "/" + name;
    std::ofstream(path) << contents;
    chmod(path.c_str(), mode);
    return path;
  }

  std::string Copy(const std::string& from, mode_t mode) {
    std::string path = directory_ + "/copy";
    std::filesystem::copy_file(from, path);
    chmod(path.c_str(), mode);
    return path;
  }

  std::string directory_;
};

// A refusal is for people: what, why, and what to do on a line of its own.
void ExpectRefusal(const Executable& result, Obstacle obstacle, const std::string& why) {
  EXPECT_EQ(result.obstacle, obstacle) << result.refusal;
  EXPECT_THAT(result.refusal, HasSubstr(why));
  EXPECT_THAT(result.refusal, HasSubstr(".\n  "));
  EXPECT_THAT(result.refusal, EndsWith("."));
}

TEST_F(InspectExecutableTest, AcceptsADynamicProgramByPathAndByName) {
  EXPECT_EQ(InspectExecutable("/bin/true").obstacle, Obstacle::kNone);
  Executable by_name = InspectExecutable("true");

  EXPECT_EQ(by_name.obstacle, Obstacle::kNone);
  EXPECT_THAT(by_name.path, EndsWith("/true"));
  EXPECT_EQ(by_name.refusal, "");
}

TEST_F(InspectExecutableTest, LooksThroughPathAsTheShellDoes) {
  std::string wanted = WriteProgram("tool", "#!/bin/sh\n");
  std::filesystem::create_directories(directory_ + "/first/tool");
  std::string old_path = getenv("PATH");
  setenv("PATH", (directory_ + "/first::" + directory_ + ":/bin").c_str(), 1);

  Executable result = InspectExecutable("tool");
  setenv("PATH", old_path.c_str(), 1);

  EXPECT_EQ(result.path, wanted);
}

TEST_F(InspectExecutableTest, FollowsScriptsToTheirInterpreter) {
  std::string script = WriteProgram("script", "#! /bin/sh -e\nexit 3\n");
  std::string of_script = WriteProgram("of_script", "#!" + script + "\n");
  std::string without_line = WriteProgram("without_line", "exit 3\n");

  EXPECT_EQ(InspectExecutable(script).obstacle, Obstacle::kNone);
  EXPECT_EQ(InspectExecutable(of_script).path, of_script);
  EXPECT_EQ(InspectExecutable(of_script).obstacle, Obstacle::kNone);
  EXPECT_EQ(InspectExecutable(without_line).obstacle, Obstacle::kNone);
}

TEST_F(InspectExecutableTest, RefusesScriptsWhoseInterpreterCannotRun) {
  std::string orphan = WriteProgram("orphan", "#!/no/such/shell\n");
  std::string loop = directory_ + "/loop";
  WriteProgram("loop", "#!" + loop + "\n");

  ExpectRefusal(InspectExecutable(orphan), Obstacle::kNotExecutable, "/no/such/shell");
  ExpectRefusal(InspectExecutable(loop), Obstacle::kNotExecutable, "script");
}

TEST_F(InspectExecutableTest, RefusesAScriptForAStaticInterpreter) {
  std::string static_program = std::filesystem::absolute(kSubjects + "static_subject");
  std::string script = WriteProgram("script", "#!" + static_program + "\n");

  ExpectRefusal(InspectExecutable(script), Obstacle::kStatic, static_program);
}

TEST_F(InspectExecutableTest, TellsWhatIsMissingFromWhatMayNotRun) {
  ExpectRefusal(InspectExecutable("/no/such/program"), Obstacle::kNotFound, "No such file");
  ExpectRefusal(InspectExecutable("no-such-program"), Obstacle::kNotFound, "PATH");
  ExpectRefusal(InspectExecutable(""), Obstacle::kNotFound, "PATH");
  ExpectRefusal(InspectExecutable("/bin/true/x"), Obstacle::kNotFound, "Not a directory");
  ExpectRefusal(InspectExecutable(WriteProgram("plain", "text", 0644)), Obstacle::kNotExecutable,
                "chmod +x");
  ExpectRefusal(InspectExecutable(directory_), Obstacle::kNotExecutable, "directory");
}

TEST_F(InspectExecutableTest, RefusesWhatTheLoaderGivesNoPreload) {
  ExpectRefusal(InspectExecutable(kSubjects + "static_subject"), Obstacle::kStatic, "-static");
  ExpectRefusal(InspectExecutable(Copy("/bin/true", 04755)), Obstacle::kSetId, "setuid");
}

TEST_F(InspectExecutableTest, RefusesSetgidButNotASetuidScriptWhoseBitTheKernelIgnores) {
  ExpectRefusal(InspectExecutable(Copy("/bin/true", 02755)), Obstacle::kSetId, "setgid");
  EXPECT_EQ(InspectExecutable(WriteProgram("script", "#!/bin/sh\n", 04755)).obstacle,
            Obstacle::kNone);
}

TEST_F(InspectExecutableTest, RefusesProgramsWithASanitizerOfTheirOwn) {
  ExpectRefusal(InspectExecutable(kSubjects + "sanitized_subject"), Obstacle::kSanitizer,
                "-fsanitize=thread");
}

TEST_F(InspectExecutableTest, RefusesOtherArchitecturesAndLoaders) {
  std::ifstream file("/bin/true", std::ios::binary);
  std::string elf((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::string for_arm = elf;
  for_arm[18] = '\xb7';  // e_machine
  std::string for_musl = elf;
  for_musl.replace(elf.find("/lib64/ld-linux-x86-64.so.2"), 27,
                   "/lib/ld-musl-x86_64.so.1" + std::string(3, '\0'));

  ExpectRefusal(InspectExecutable(WriteProgram("arm", for_arm)), Obstacle::kArchitecture, "x86-64");
  ExpectRefusal(InspectExecutable(WriteProgram("musl", for_musl)), Obstacle::kOtherLibc, "glibc");
}

TEST_F(InspectExecutableTest, SurvivesDamagedFiles) {
  std::ifstream file("/bin/true", std::ios::binary);
  std::string elf((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());

  for (size_t size = 0; size < 1000; size += 11) {
    EXPECT_NE(InspectExecutable(WriteProgram("cut", elf.substr(0, size))).path, "") << size;
  }
  for (size_t position = 0; position < 900; position += 5) {
    std::string damaged = elf;
    damaged[position] = static_cast<char>(~damaged[position]);
    EXPECT_NE(InspectExecutable(WriteProgram("damaged", damaged)).path, "") << position;
  }
}

}  // namespace
}  // namespace detect
