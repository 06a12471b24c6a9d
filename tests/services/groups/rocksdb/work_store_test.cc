// Method: the store on a folder of its own, closed and opened again.

#include "services/groups/rocksdb/work_store.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/error.h"

namespace dealog::groups {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Rows = std::vector<std::pair<std::string, std::string>>;

class WorkStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            ("dealog_work_store_" + std::to_string(getpid()) + "_" + test->name());
    std::filesystem::remove_all(path_);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  static Rows Scan(const WorkStore& store, std::string_view prefix) {
    Rows rows;
    EXPECT_TRUE(store
                    .Scan(prefix,
                          [&](std::string_view key, std::string_view value) {
                            rows.emplace_back(key, value);
                            return absl::OkStatus();
                          })
                    .ok());
    return rows;
  }

  std::filesystem::path path_;
};

TEST_F(WorkStoreTest, KeepsRowsOverAReopen) {
  {
    const auto store = OpenWorkStore(path_).value();
    ASSERT_TRUE(store->Write({.rows = {{"Ka", "1"}, {"Kb", "2"}, {"L", "3"}}}, true).ok());
    ASSERT_TRUE(store->Write({.rows = {{"Ka", std::nullopt}}}, false).ok());
  }
  const auto store = OpenWorkStore(path_).value();
  EXPECT_THAT(Scan(*store, "K"), ElementsAre(Pair("Kb", "2")));
}

TEST_F(WorkStoreTest, SyncsWithNothingToWrite) {
  const auto store = OpenWorkStore(path_).value();
  EXPECT_TRUE(store->Write({}, true).ok());
  ASSERT_TRUE(store->Write({.rows = {{"Ka", "1"}}}, false).ok());
  EXPECT_TRUE(store->Write({}, true).ok());
  EXPECT_THAT(Scan(*store, "K"), ElementsAre(Pair("Ka", "1")));
}

TEST_F(WorkStoreTest, DropsPrefixesBeforeItWrites) {
  const auto store = OpenWorkStore(path_).value();
  ASSERT_TRUE(store->Write({.rows = {{"Ka", "1"}, {"L", "3"}}}, true).ok());
  ASSERT_TRUE(store->Write({.rows = {{"Kb", "2"}}, .dropped_prefixes = {"K"}}, true).ok());
  EXPECT_THAT(Scan(*store, "K"), ElementsAre(Pair("Kb", "2")));
  EXPECT_THAT(Scan(*store, "L"), ElementsAre(Pair("L", "3")));
}

TEST_F(WorkStoreTest, StopsAScanAtItsFirstError) {
  const auto store = OpenWorkStore(path_).value();
  ASSERT_TRUE(store->Write({.rows = {{"Ka", "1"}, {"Kb", "2"}}}, true).ok());
  int rows = 0;
  const absl::Status status = store->Scan("K", [&](std::string_view, std::string_view) {
    ++rows;
    return absl::InternalError("enough");
  });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(rows, 1);
}

TEST_F(WorkStoreTest, RefusesAFolderInUse) {
  const auto store = OpenWorkStore(path_).value();
  EXPECT_EQ(base::ReasonOf(OpenWorkStore(path_).status()), "NOT_READY");
}

TEST_F(WorkStoreTest, RefusesADamagedFolderAndSaysWhatToDo) {
  { ASSERT_TRUE(OpenWorkStore(path_).ok()); }
  std::ofstream(path_ / "CURRENT") << "no such manifest";
  const absl::Status status = OpenWorkStore(path_).status();
  EXPECT_EQ(base::ReasonOf(status), "CORRUPT_RECORD");
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("move it away"));
}

}  // namespace
}  // namespace dealog::groups
