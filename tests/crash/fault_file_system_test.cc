// The failing disk does what it says: a test of the tests' own tool, file by file.

#include "tests/crash/fault_file_system.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/eventstore/rocksdb/log_folder.h"

namespace dealog::eventstore {
namespace {

class FaultFileSystemTest : public testing::Test {
 protected:
  FaultFileSystemTest() { std::filesystem::create_directories(folder_.path()); }

  std::unique_ptr<rocksdb::FSWritableFile> Create(const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(disk_.NewWritableFile(Path(name), {}, &file, nullptr).ok());
    return file;
  }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  // What would be there after a power failure.
  std::string OnDisk(const std::string& name) const {
    std::ifstream in(Path(name), std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
  }
  std::string ReadBack(const std::string& name) {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    EXPECT_TRUE(disk_.NewSequentialFile(Path(name), {}, &file, nullptr).ok());
    char buffer[100];
    rocksdb::Slice read;
    EXPECT_TRUE(file->Read(sizeof(buffer), {}, &read, buffer, nullptr).ok());
    return read.ToString();
  }

  LogFolder folder_;
  FaultFileSystem disk_;
};

TEST_F(FaultFileSystemTest, KeepsWhatIsSyncedAndShowsItsOwnProcessTheRest) {
  const auto file = Create("1.log");
  ASSERT_TRUE(file->Append("kept", {}, nullptr).ok());
  EXPECT_EQ(OnDisk("1.log"), "");
  ASSERT_TRUE(file->Sync({}, nullptr).ok());
  ASSERT_TRUE(file->Append(" lost", {}, nullptr).ok());
  EXPECT_EQ(OnDisk("1.log"), "kept");
  EXPECT_EQ(ReadBack("1.log"), "kept lost");
  EXPECT_EQ(file->GetFileSize({}, nullptr), 9u);
  uint64_t size = 0;
  ASSERT_TRUE(disk_.GetFileSize(Path("1.log"), {}, &size, nullptr).ok());
  EXPECT_EQ(size, 9u);
  disk_.Crash();
  EXPECT_TRUE(file->Sync({}, nullptr).IsIOError());
  EXPECT_TRUE(file->Append("more", {}, nullptr).IsIOError());
  EXPECT_EQ(OnDisk("1.log"), "kept");
}

TEST_F(FaultFileSystemTest, FailsTheChosenOperationsOfTheChosenFiles) {
  disk_.Inject({.operation = FileOperation::kSync, .file = ".log", .after = 1, .times = 1});
  disk_.Inject({.operation = FileOperation::kAppend, .file = ".sst", .error = DiskFull()});
  const auto log = Create("1.log");
  const auto table = Create("2.sst");
  EXPECT_TRUE(log->Sync({}, nullptr).ok());
  EXPECT_TRUE(log->Sync({}, nullptr).IsIOError());
  EXPECT_TRUE(log->Sync({}, nullptr).ok());
  EXPECT_TRUE(log->Append("x", {}, nullptr).ok());
  EXPECT_TRUE(table->Append("x", {}, nullptr).IsNoSpace());
  EXPECT_TRUE(table->Append("x", {}, nullptr).IsNoSpace());
  EXPECT_EQ(disk_.failures(), 3);
  disk_.Heal();
  EXPECT_TRUE(table->Append("x", {}, nullptr).ok());
}

TEST_F(FaultFileSystemTest, LiesAboutSyncs) {
  disk_.LieAboutSyncs(".log");
  const auto file = Create("1.log");
  ASSERT_TRUE(file->Append("believed", {}, nullptr).ok());
  EXPECT_TRUE(file->Sync({}, nullptr).ok());
  EXPECT_EQ(OnDisk("1.log"), "");
  EXPECT_EQ(ReadBack("1.log"), "believed");
  EXPECT_EQ(disk_.lies(), 1);
  disk_.Heal();
  EXPECT_TRUE(file->Sync({}, nullptr).ok());
  EXPECT_EQ(OnDisk("1.log"), "believed");
}

TEST_F(FaultFileSystemTest, TearsWhatIsNotSynced) {
  disk_.WriteBackEarly(1);
  const std::string whole(50, 'x');
  int torn = 0;
  for (int i = 0; i < 50; ++i) {
    const auto file = Create("1.log");
    ASSERT_TRUE(file->Append(whole, {}, nullptr).ok());
    const size_t kept = OnDisk("1.log").size();
    torn += kept > 0 && kept < whole.size();
    EXPECT_EQ(ReadBack("1.log"), whole);
    ASSERT_TRUE(file->Sync({}, nullptr).ok());
    EXPECT_EQ(OnDisk("1.log"), whole);
  }
  EXPECT_GT(torn, 10);
}

TEST_F(FaultFileSystemTest, FlipsOneBitOfEveryNthRead) {
  const auto file = Create("1.sst");
  ASSERT_TRUE(file->Append(std::string(20, '\0'), {}, nullptr).ok());
  disk_.FlipReads(".sst", 2, 1);
  const std::string clean(20, '\0');
  EXPECT_EQ(ReadBack("1.sst"), clean);
  const std::string flipped = ReadBack("1.sst");
  int bits = 0;
  for (const char byte : flipped) bits += __builtin_popcount(static_cast<unsigned char>(byte));
  EXPECT_EQ(bits, 1);
  EXPECT_EQ(disk_.flips(), 1);
}

TEST_F(FaultFileSystemTest, FollowsRenamesAndTruncations) {
  const auto file = Create("a.tmp");
  ASSERT_TRUE(file->Append("12345", {}, nullptr).ok());
  ASSERT_TRUE(disk_.RenameFile(Path("a.tmp"), Path("b"), {}, nullptr).ok());
  EXPECT_EQ(ReadBack("b"), "12345");
  ASSERT_TRUE(file->Truncate(3, {}, nullptr).ok());
  EXPECT_EQ(ReadBack("b"), "123");
  ASSERT_TRUE(file->Sync({}, nullptr).ok());
  ASSERT_TRUE(file->Truncate(1, {}, nullptr).ok());
  EXPECT_EQ(OnDisk("b"), "1");
}

}  // namespace
}  // namespace dealog::eventstore
