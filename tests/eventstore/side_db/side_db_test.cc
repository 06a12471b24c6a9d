// Method: folders that are opened, written, damaged with a byte or a file, and opened again.

#include "eventstore/side_db/side_db.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "eventstore/base/error.h"

namespace dealog::eventstore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class SideDbTest : public ::testing::TestWithParam<SideDbDamage> {
 protected:
  SideDbTest() {
    std::string pattern = testing::TempDir() + "/side_db_XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~SideDbTest() override { std::filesystem::remove_all(root_); }

  std::string Path() const { return (root_ / "db").string(); }
  SideDbOptions Options(SideDbDamage damage) {
    return {.name = "toys",
            .advice = "buy new ones",
            .block_cache_bytes = 1 << 20,
            .memtable_bytes = 4 << 20,
            .open_files_max = 16,
            .damage = damage,
            .contents = "the toys",
            .log = [this](std::string_view text) { said_ += text; }};
  }
  std::unique_ptr<SideDb> Open(SideDbDamage damage = SideDbDamage::kRefused) {
    auto db = SideDb::Open(Path(), Options(damage));
    EXPECT_TRUE(db.ok()) << db.status();
    return *std::move(db);
  }
  static void Put(SideDb& db, std::string_view key, std::string_view value) {
    SideWrite write;
    write.Put(key, value);
    ASSERT_TRUE(db.Write(write).ok());
  }
  static std::vector<std::pair<std::string, std::string>> RowsOf(const SideDb& db,
                                                                 std::string_view prefix) {
    std::vector<std::pair<std::string, std::string>> rows;
    EXPECT_TRUE(db.Scan(prefix, [&](std::string_view key, std::string_view value) {
                    rows.emplace_back(key, value);
                    return absl::OkStatus();
                  }).ok());
    return rows;
  }
  // Into table files, then flips a byte in the middle of each: an open does not read that far.
  void DamageRows(SideDbDamage damage) {
    {
      const auto db = Open(damage);
      SideWrite write;
      std::mt19937 random(1);
      for (int i = 0; i < 200; ++i) {
        std::string value(1000, '\0');
        for (char& byte : value) byte = static_cast<char>(random());
        write.Put("row" + std::to_string(i), value);
      }
      ASSERT_TRUE(db->Write(write).ok());
    }
    Open(damage).reset();  // What is in the write-ahead log becomes a table file.
    int tables = 0;
    for (const auto& entry : std::filesystem::directory_iterator(Path())) {
      if (entry.path().extension() != ".sst" || entry.file_size() < 100'000) continue;
      ++tables;
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(100'000);
      const char byte = static_cast<char>(file.get() ^ 0x40);
      file.seekp(100'000);
      file.put(byte);
    }
    ASSERT_GT(tables, 0);
  }
  absl::Status ScanAll(const SideDb& db) {
    return db.Scan("row", [](std::string_view, std::string_view) { return absl::OkStatus(); });
  }

  std::filesystem::path root_;
  std::string said_;
};

TEST_F(SideDbTest, KeepsWhatWasWritten) {
  {
    const auto db = Open();
    Put(*db, "a1", "x");
    SideWrite write;
    EXPECT_TRUE(write.empty());
    write.Put("a2", "y");
    write.Put("b1", "z");
    write.Delete("a1");
    EXPECT_FALSE(write.empty());
    ASSERT_TRUE(db->Write(write, /*sync=*/true).ok());
    EXPECT_TRUE(db->Write({}, /*sync=*/true).ok()) << "syncs what there was";
  }
  const auto db = Open();
  EXPECT_EQ(*db->Read("a1"), std::nullopt);
  EXPECT_EQ(*db->Read("a2"), "y");
  EXPECT_THAT(RowsOf(*db, "a"), ElementsAre(Pair("a2", "y")));
  EXPECT_THAT(*db->Dump(), ElementsAre(Pair("F", "1"), Pair("a2", "y"), Pair("b1", "z")));
  EXPECT_EQ(said_, "");
}

TEST_F(SideDbTest, DropsWhatBeginsAlikeAndNothingElse) {
  const auto db = Open();
  for (const char* key : {"a", "a\xFF", "a\xFF\xFF", "b", "a\xFE"}) Put(*db, key, "v");
  SideWrite write;
  write.DeletePrefix("a\xFF");
  write.Put("a\xFF", "put afterwards");
  ASSERT_TRUE(db->Write(write).ok());
  EXPECT_THAT(RowsOf(*db, "a"),
              ElementsAre(Pair("a", "v"), Pair("a\xFE", "v"), Pair("a\xFF", "put afterwards")));
  EXPECT_EQ(*db->Read("b"), "v");
}

TEST_F(SideDbTest, AScanEndsWithTheErrorOfItsCaller) {
  const auto db = Open();
  Put(*db, "a1", "");
  Put(*db, "a2", "");
  int rows = 0;
  const absl::Status ended = db->Scan("a", [&](std::string_view, std::string_view) {
    ++rows;
    return absl::InternalError("enough");
  });
  EXPECT_EQ(ended.message(), "enough");
  EXPECT_EQ(rows, 1);
}

TEST_P(SideDbTest, OfAnotherProcessIsLeftAlone) {
  const auto db = Open(GetParam());
  Put(*db, "a", "x");
  const auto second = SideDb::Open(Path(), Options(GetParam()));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable) << second.status();
  EXPECT_EQ(base::ReasonOf(second.status()), "NOT_READY");
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("toys, opening " + Path()));
  EXPECT_EQ(*db->Read("a"), "x");
  EXPECT_FALSE(std::filesystem::exists(Path() + ".damaged"));
}

TEST_P(SideDbTest, WhatDoesNotOpenIsRefusedOrBegunAnew) {
  Put(*Open(GetParam()), "a", "x");
  for (int round = 0; round < 2; ++round) {  // Twice: an older folder aside is replaced.
    said_.clear();
    std::ofstream(Path() + "/CURRENT") << "nonsense";
    const auto db = SideDb::Open(Path(), Options(GetParam()));
    if (GetParam() == SideDbDamage::kRefused) {
      EXPECT_EQ(base::ReasonOf(db.status()), "CORRUPT_RECORD") << db.status();
      EXPECT_THAT(std::string(db.status().message()), HasSubstr("buy new ones"));
      EXPECT_FALSE(std::filesystem::exists(Path() + ".damaged"));
      continue;
    }
    ASSERT_TRUE(db.ok()) << db.status();
    EXPECT_EQ(*(*db)->Read("a"), std::nullopt);
    EXPECT_THAT(said_, HasSubstr("the toys are rebuilt: "));
    EXPECT_THAT(said_, HasSubstr(Path() + ".damaged"));
    EXPECT_TRUE(std::filesystem::exists(Path() + ".damaged"));
  }
}

// What the system does not allow for now is no damage: nothing is thrown away for it.
TEST_P(SideDbTest, WithoutFilesToOpenItIsRefusedAndKeepsItsRows) {
  Put(*Open(GetParam()), "a", "x");
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlim_t before = limit.rlim_cur;
  // The next descriptor would be the first that is too many.
  const int next = dup(0);
  ASSERT_GE(next, 0);
  close(next);
  limit.rlim_cur = static_cast<rlim_t>(next) + 2;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const absl::Status refused = SideDb::Open(Path(), Options(GetParam())).status();
  limit.rlim_cur = before;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(base::ReasonOf(refused), "NOT_READY") << refused;
  EXPECT_FALSE(std::filesystem::exists(Path() + ".damaged")) << said_;
  EXPECT_EQ(*Open(GetParam())->Read("a"), "x");
}

TEST_P(SideDbTest, AnotherFormatIsRefusedOrBegunAnew) {
  {
    SideDbOptions newer = Options(GetParam());
    newer.format = "2";
    Put(**SideDb::Open(Path(), newer), "a", "x");
  }
  EXPECT_EQ(base::ReasonOf(SideDb::OpenReadOnly(Path(), Options(GetParam())).status()),
            "CORRUPT_RECORD");
  const auto db = SideDb::Open(Path(), Options(GetParam()));
  if (GetParam() == SideDbDamage::kRefused) {
    EXPECT_EQ(base::ReasonOf(db.status()), "CORRUPT_RECORD");
    EXPECT_THAT(std::string(db.status().message()), HasSubstr("expected format 1"));
    return;
  }
  ASSERT_TRUE(db.ok()) << db.status();
  EXPECT_EQ(*(*db)->Read("a"), std::nullopt);
}

TEST_P(SideDbTest, DamageThatIsMetInUseIsAnErrorAndTheNextOpenActsOnItsMark) {
  DamageRows(GetParam());
  const bool marked = GetParam() == SideDbDamage::kMarkedAndBegunAnew;
  {
    const auto db = Open(GetParam());
    EXPECT_EQ(said_, "") << "it opens";
    EXPECT_EQ(base::ReasonOf(ScanAll(*db)), "CORRUPT_RECORD");
    EXPECT_EQ(said_.empty(), !marked);
    said_.clear();
    EXPECT_FALSE(ScanAll(*db).ok());
    EXPECT_EQ(said_, "") << "told once";
  }
  const auto db = Open(GetParam());
  EXPECT_EQ(ScanAll(*db).ok(), marked);
  EXPECT_EQ(std::filesystem::exists(Path() + ".damaged"), marked);
}

INSTANTIATE_TEST_SUITE_P(Damage, SideDbTest,
                         ::testing::Values(SideDbDamage::kRefused, SideDbDamage::kBegunAnew,
                                           SideDbDamage::kMarkedAndBegunAnew));

TEST_F(SideDbTest, IsReadBesideNobody) {
  const auto none = SideDb::OpenReadOnly(Path(), Options(SideDbDamage::kBegunAnew));
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("expected the toys in " + Path()));
  Put(*Open(), "a", "x");
  const auto db = SideDb::OpenReadOnly(Path(), Options(SideDbDamage::kBegunAnew));
  ASSERT_TRUE(db.ok()) << db.status();
  EXPECT_EQ(*(*db)->Read("a"), "x");
  SideWrite write;
  write.Put("a", "y");
  EXPECT_FALSE((*db)->Write(write).ok());
}

TEST_F(SideDbTest, SaysWhatToDoAboutARowThatDoesNotDecode) {
  const absl::Status status = Open()->Malformed("ball");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "toys: a stored ball does not decode; buy new ones");
}

}  // namespace
}  // namespace dealog::eventstore
