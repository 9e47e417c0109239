#include "libdetect/report/write_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace detect {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class WriteReportFileTest : public testing::Test {
 protected:
  WriteReportFileTest() {
    std::string pattern = testing::TempDir() + "/write_file_XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~WriteReportFileTest() override { fs::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ / name; }
  size_t FilesInDirectory() const {
    return std::distance(fs::directory_iterator(directory_), fs::directory_iterator());
  }
  static std::string Read(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  fs::path directory_;
};

TEST_F(WriteReportFileTest, WritesTheWholeFileForItsOwnerOnly) {
  const std::string contents(3'000'000, 'x');

  EXPECT_EQ(WriteReportFile(Path("r.json"), contents), "");

  EXPECT_EQ(Read(Path("r.json")), contents);
  struct stat status {};
  ASSERT_EQ(stat(Path("r.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(FilesInDirectory(), 1u);
}

TEST_F(WriteReportFileTest, ReplacesAnEarlierReport) {
  ASSERT_EQ(WriteReportFile(Path("r.json"), "a long first report"), "");

  EXPECT_EQ(WriteReportFile(Path("r.json"), "second"), "");

  EXPECT_EQ(Read(Path("r.json")), "second");
}

TEST_F(WriteReportFileTest, ALinkPlantedAtATemporaryNameIsNotFollowed) {
  const std::string victim = Path("victim");
  std::ofstream(victim) << "precious";
  const std::string planted = Path(".r.json." + std::to_string(getpid()) + "-0.tmp");
  fs::create_symlink(victim, planted);

  EXPECT_EQ(WriteReportFile(Path("r.json"), "report"), "");

  EXPECT_EQ(Read(victim), "precious");
  EXPECT_EQ(Read(Path("r.json")), "report");
}

TEST_F(WriteReportFileTest, ALinkAtTheReportsNameIsRefused) {
  std::ofstream(Path("victim")) << "precious";
  fs::create_symlink(Path("victim"), Path("r.json"));

  EXPECT_THAT(WriteReportFile(Path("r.json"), "report"), HasSubstr("symbolic link"));

  EXPECT_EQ(Read(Path("victim")), "precious");
  EXPECT_TRUE(fs::is_symlink(Path("r.json")));
}

TEST_F(WriteReportFileTest, AFullDiskIsSaid) {
  EXPECT_EQ(WriteReportFile("/dev/full", "report"),
            "/dev/full: cannot write: No space left on device");
}

TEST_F(WriteReportFileTest, ADeviceIsWrittenToAndNotReplaced) {
  EXPECT_EQ(WriteReportFile("/dev/null", "report"), "");

  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(WriteReportFileTest, OtherThingsThanFilesAreRefused) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);

  EXPECT_THAT(WriteReportFile(Path("fifo"), "report"), HasSubstr("not a regular file"));
  EXPECT_THAT(WriteReportFile(directory_, "report"), HasSubstr("Is a directory"));
  EXPECT_THAT(WriteReportFile("", "report"), HasSubstr("empty"));
}

TEST_F(WriteReportFileTest, AMissingDirectoryIsSaid) {
  const std::string path = Path("no/such/r.json");

  EXPECT_EQ(WriteReportFile(path, "report"),
            path + ": cannot create a temporary file beside it: No such file or directory");
}

TEST_F(WriteReportFileTest, PastTheFileSizeLimitNothingIsLeftAndNoSignalComes) {
  ASSERT_EQ(WriteReportFile(Path("r.json"), "first"), "");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);

  const std::string error = WriteReportFile(Path("r.json"), std::string(8192, 'x'));

  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_THAT(error, HasSubstr("File too large"));
  EXPECT_EQ(Read(Path("r.json")), "first");
  EXPECT_EQ(FilesInDirectory(), 1u);
}

TEST_F(WriteReportFileTest, ALongNameHasATemporaryOneThatIsNotLonger) {
  const std::string path = Path(std::string(250, 'n'));

  EXPECT_EQ(WriteReportFile(path, "report"), "");
  EXPECT_EQ(Read(path), "report");
}

TEST_F(WriteReportFileTest, ErrnoStaysAsItWas) {
  errno = 4711;

  EXPECT_THAT(WriteReportFile("/no/such/directory/r", "report"), StartsWith("/no/such"));

  EXPECT_EQ(errno, 4711);
}

}  // namespace
}  // namespace detect
