// Method: a folder with files that the mapping names and others that it does not.

#include "services/cli/import_upload.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "services/cli/files.h"

namespace dealog::cli {
namespace {

class ImportFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / "import_upload_test";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "accounts.csv.d");
    for (const char* name : {"sales.csv", "accounts.csv", "dictionary.csv", "README.md"}) {
      std::ofstream(folder_ / name) << "a,b\n";
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(ImportFolder, SendsOnlyWhatTheMappingNames) {
  const auto names =
      FilesNamedBy("[deals]\nfile = \"sales.csv\"\n[o]\nfile = 'accounts.csv'\n", folder_.string());
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_EQ(*names, (std::vector<std::string>{"accounts.csv", "sales.csv"}));
}

TEST_F(ImportFolder, LeavesItToTheServerToRefuseAMappingThatNamesNothingHere) {
  const auto names = FilesNamedBy("file = \"other.csv\"", folder_.string());
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_TRUE(names->empty());
}

TEST_F(ImportFolder, RefusesWhatIsNoFolder) {
  EXPECT_TRUE(IsFileError(FilesNamedBy("x", (folder_ / "sales.csv").string()).status()));
  EXPECT_TRUE(IsFileError(FilesNamedBy("x", (folder_ / "missing").string()).status()));
}

TEST_F(ImportFolder, ReadsTextFilesUpToALimit) {
  EXPECT_EQ(*ReadTextFile((folder_ / "sales.csv").string(), 4), "a,b\n");
  EXPECT_TRUE(IsFileError(ReadTextFile((folder_ / "sales.csv").string(), 3).status()));
}

}  // namespace
}  // namespace dealog::cli
