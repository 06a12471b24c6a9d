// Method: a store in a temporary folder; what is written is read back, also after a reopen; every
// kind of damage to the folder leads to an empty store and a told reason, never to a refusal.

#include "projections/rocksdb/view_store.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/rocksdb/view_keys.h"

namespace dealog::projections {
namespace {

using eventstore::BatchNumber;
using eventstore::PartitionId;
using eventstore::Position;
using eventstore::TenantId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ViewStoreTest : public testing::Test {
 protected:
  ViewStoreTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::temp_directory_path() /
            (std::string("dealog_view_store_") + info->name() + "_" + std::to_string(getpid()));
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~ViewStoreTest() override { std::filesystem::remove_all(root_); }

  std::string Path() const { return (root_ / "views").string(); }

  std::unique_ptr<ViewStore> Open() {
    auto store = OpenViewStore(Path(), {.log = [this](std::string_view line) { told_ += line; }});
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  static std::vector<std::string> Rows(const ViewStore& store, std::string_view view,
                                       const std::string& tenant) {
    std::vector<std::string> rows;
    const absl::Status status =
        store.Scan(view, TenantId{tenant}, [&](std::string_view key, std::string_view value) {
          rows.push_back(std::string(key) + "=" + std::string(value));
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
    return rows;
  }

  static ViewWrite SampleWrite() {
    ViewWrite write;
    write.rows = {{"deals", TenantId{"acme"}, "b", "2", false},
                  {"deals", TenantId{"acme"}, "a", "1", false},
                  {"deals", TenantId{"acme"}, std::string("a\0x", 3), "3", false},
                  {"deals", TenantId{"acm"}, "e", "other tenant", false},
                  {"deals_more", TenantId{"acme"}, "a", "other view", false}};
    write.checkpoints = {{"deals", PartitionId{0}, {7, BatchNumber{42}, std::string(32, 'd')}},
                         {"deals", PartitionId{1}, {7, BatchNumber{43}, std::string(32, 'e')}},
                         {"deals_more", PartitionId{0}, {1, BatchNumber{5}, std::string(32, 'f')}}};
    write.applied = {{"deals", TenantId{"acme"}, {Position{99}, {{"1.99", 2}, {"77", 1}}}},
                     {"deals_more", TenantId{"acme"}, {Position{98}, {}}}};
    return write;
  }

  std::filesystem::path root_;
  std::string told_;
};

TEST_F(ViewStoreTest, EmptyStoreHasNothing) {
  const auto store = Open();
  EXPECT_EQ(store->ReadCheckpoint("deals", PartitionId{0})->number, BatchNumber{0});
  EXPECT_EQ(store->ReadApplied("deals", TenantId{"acme"})->position, Position{0});
  EXPECT_TRUE(Rows(*store, "deals", "acme").empty());
}

TEST_F(ViewStoreTest, ReadsBackInKeyOrderAlsoAfterReopen) {
  auto store = Open();
  ASSERT_TRUE(store->Write(SampleWrite()).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Rows(*store, "deals", "acme"), ElementsAre("a=1", std::string("a\0x=3", 5), "b=2"));
    EXPECT_THAT(Rows(*store, "deals", "acm"), ElementsAre("e=other tenant"));
    const ViewCheckpoint checkpoint = *store->ReadCheckpoint("deals", PartitionId{1});
    EXPECT_EQ(checkpoint.version, 7);
    EXPECT_EQ(checkpoint.number, BatchNumber{43});
    EXPECT_EQ(checkpoint.digest, std::string(32, 'e'));
    EXPECT_EQ(store->ReadApplied("deals", TenantId{"acme"})->position, Position{99});
    store.reset();
    store = Open();
  }
  EXPECT_EQ(told_, "");
}

TEST_F(ViewStoreTest, DeletesRows) {
  const auto store = Open();
  ASSERT_TRUE(store->Write(SampleWrite()).ok());
  ViewWrite write;
  write.rows = {{"deals", TenantId{"acme"}, "a", "", true}};
  ASSERT_TRUE(store->Write(write).ok());
  EXPECT_THAT(Rows(*store, "deals", "acme"), ElementsAre(std::string("a\0x=3", 5), "b=2"));
}

TEST_F(ViewStoreTest, ScanStopsAtTheFirstError) {
  const auto store = Open();
  ASSERT_TRUE(store->Write(SampleWrite()).ok());
  int calls = 0;
  const absl::Status status =
      store->Scan("deals", TenantId{"acme"}, [&](std::string_view, std::string_view) {
        ++calls;
        return absl::DataLossError("bad row");
      });
  EXPECT_EQ(status.message(), "bad row");
  EXPECT_EQ(calls, 1);
}

TEST_F(ViewStoreTest, DropLeavesOtherViews) {
  const auto store = Open();
  ASSERT_TRUE(store->Write(SampleWrite()).ok());
  ASSERT_TRUE(store->Drop("deals").ok());
  EXPECT_TRUE(Rows(*store, "deals", "acme").empty());
  EXPECT_TRUE(Rows(*store, "deals", "acm").empty());
  EXPECT_EQ(store->ReadCheckpoint("deals", PartitionId{1})->number, BatchNumber{0});
  EXPECT_EQ(store->ReadApplied("deals", TenantId{"acme"})->position, Position{0});
  EXPECT_THAT(Rows(*store, "deals_more", "acme"), ElementsAre("a=other view"));
  EXPECT_EQ(store->ReadCheckpoint("deals_more", PartitionId{0})->number, BatchNumber{5});
  EXPECT_EQ(store->ReadApplied("deals_more", TenantId{"acme"})->position, Position{98});
}

TEST_F(ViewStoreTest, DumpListsEveryEntryInOrder) {
  {
    const auto store = Open();
    ASSERT_TRUE(store->Write(SampleWrite()).ok());
  }
  const auto entries = DumpViewStore(Path());
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(entries->size(), 1u + 5u + 3u + 2u);
  EXPECT_TRUE(std::is_sorted(entries->begin(), entries->end()));
  EXPECT_EQ(entries->front().first, std::string("A\x05") + "deals\x04" + "acme");
  EXPECT_EQ(entries->front().second, std::string("\x63\0\0\0\0\0\0\0"
                                                 "\x04"
                                                 "1.99\x02\0\0\0\0\0\0\0"
                                                 "\x02"
                                                 "77\x01\0\0\0\0\0\0\0",
                                                 8 + 13 + 11));
}

TEST_F(ViewStoreTest, SecondOpenIsRefusedAndDestroysNothing) {
  const auto store = Open();
  ASSERT_TRUE(store->Write(SampleWrite()).ok());
  const auto second = OpenViewStore(Path());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(base::ReasonOf(second.status()), "NOT_READY");
  EXPECT_EQ(Rows(*store, "deals", "acme").size(), 3u);
  EXPECT_FALSE(std::filesystem::exists(Path() + ".damaged"));
}

TEST_F(ViewStoreTest, UnopenableFolderIsMovedAside) {
  {
    const auto store = Open();
    ASSERT_TRUE(store->Write(SampleWrite()).ok());
  }
  std::ofstream(root_ / "views" / "CURRENT") << "nonsense";
  for (int round = 0; round < 2; ++round) {  // Twice: an older folder aside is replaced.
    told_.clear();
    const auto store = Open();
    EXPECT_TRUE(Rows(*store, "deals", "acme").empty());
    EXPECT_THAT(told_, HasSubstr("views are rebuilt"));
    EXPECT_TRUE(std::filesystem::exists(Path() + ".damaged"));
    std::ofstream(root_ / "views" / "CURRENT") << "nonsense again";
  }
}

TEST_F(ViewStoreTest, FileInPlaceOfTheFolderIsMovedAside) {
  std::ofstream(Path()) << "not a folder";
  const auto store = Open();
  EXPECT_TRUE(Rows(*store, "deals", "acme").empty());
  EXPECT_THAT(told_, HasSubstr("views are rebuilt"));
}

TEST_F(ViewStoreTest, DamageThatIsMetLaterIsToldAndEndsWithTheNextOpen) {
  {
    const auto store = Open();
    // So many rows that what an open reads, the format and the file's end, lies in other blocks.
    ViewWrite write;
    std::mt19937 random(1);
    for (int i = 0; i < 200; ++i) {
      std::string value(1000, '\0');
      for (char& byte : value) byte = static_cast<char>(random());
      write.rows.push_back({"deals", TenantId{"acme"}, std::to_string(i), value, false});
    }
    ASSERT_TRUE(store->Write(write).ok());
  }
  Open().reset();  // What is in the write-ahead log becomes a table file.
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
  {
    const auto store = Open();
    EXPECT_EQ(told_, "") << "it opens";
    const auto ignore = [](std::string_view, std::string_view) { return absl::OkStatus(); };
    const absl::Status scanned = store->Scan("deals", TenantId{"acme"}, ignore);
    EXPECT_EQ(base::ReasonOf(scanned), "CORRUPT_RECORD") << scanned;
    EXPECT_THAT(told_, HasSubstr("views are damaged"));
    told_.clear();
    EXPECT_FALSE(store->Scan("deals", TenantId{"acme"}, ignore).ok());
    EXPECT_EQ(told_, "") << "told once";
  }
  const auto store = Open();
  EXPECT_THAT(told_, HasSubstr("views are rebuilt"));
  EXPECT_TRUE(Rows(*store, "deals", "acme").empty());
  EXPECT_TRUE(std::filesystem::exists(Path() + ".damaged"));
  told_.clear();
  EXPECT_TRUE(store->Write(SampleWrite()).ok());
}

TEST_F(ViewStoreTest, CheckpointsAreReadWithoutOpeningTheStore) {
  EXPECT_TRUE(ReadViewCheckpoints(Path()).value().empty()) << "there is no folder";
  {
    const auto store = Open();
    ASSERT_TRUE(store->Write(SampleWrite()).ok());
  }
  const auto checkpoints = ReadViewCheckpoints(Path());
  ASSERT_TRUE(checkpoints.ok()) << checkpoints.status();
  ASSERT_EQ(checkpoints->size(), 3u);
  EXPECT_EQ((*checkpoints)[1].view, "deals");
  EXPECT_EQ((*checkpoints)[1].partition, PartitionId{1});
  EXPECT_EQ((*checkpoints)[1].checkpoint.number, BatchNumber{43});
  EXPECT_EQ((*checkpoints)[1].checkpoint.digest, std::string(32, 'e'));
  EXPECT_EQ((*checkpoints)[2].view, "deals_more");
  std::ofstream(root_ / "views" / "CURRENT") << "nonsense";
  EXPECT_FALSE(ReadViewCheckpoints(Path()).ok());
}

TEST_F(ViewStoreTest, CheckpointsDecodeOnlyWhole) {
  const std::string key = CheckpointKey("deals", PartitionId{258});
  EXPECT_EQ(ParseCheckpointKey(key)->view, "deals");
  EXPECT_EQ(ParseCheckpointKey(key)->partition, PartitionId{258});
  EXPECT_FALSE(ParseCheckpointKey(key + "x").has_value());
  EXPECT_FALSE(ParseCheckpointKey(key.substr(0, key.size() - 1)).has_value());
  EXPECT_FALSE(ParseCheckpointKey(RowPrefix("deals", TenantId{"acme"})).has_value());
  const ViewCheckpoint checkpoint{3, BatchNumber{1ull << 40}, std::string(32, 'x')};
  const std::string bytes = EncodeCheckpoint(checkpoint);
  EXPECT_EQ(bytes.size(), 4u + 8u + 32u);
  EXPECT_EQ(DecodeCheckpoint(bytes)->number, checkpoint.number);
  EXPECT_FALSE(DecodeCheckpoint(bytes.substr(0, 11)).has_value());
}

TEST_F(ViewStoreTest, PointsDecodeOnlyWhole) {
  const SlotPoint point{Position{1ull << 40}, {{"1.17", 3}, {"99", 1}}};
  const std::string bytes = EncodePoint(point);
  EXPECT_EQ(*DecodePoint(bytes), point);
  EXPECT_EQ(DecodePoint(bytes.substr(0, 8))->unknown.size(), 0u) << "as earlier releases wrote it";
  for (size_t size = 0; size < bytes.size(); ++size) {
    const bool whole = size == 8 || size == 8 + 13;
    EXPECT_EQ(DecodePoint(bytes.substr(0, size)).has_value(), whole) << size;
  }
}

TEST_F(ViewStoreTest, DropOfATenantLeavesTheOthers) {
  const auto store = Open();
  ASSERT_TRUE(store->Write(SampleWrite()).ok());
  ASSERT_TRUE(store->DropTenant("deals", TenantId{"acme"}).ok());
  EXPECT_TRUE(Rows(*store, "deals", "acme").empty());
  EXPECT_EQ(store->ReadApplied("deals", TenantId{"acme"})->position, Position{0});
  EXPECT_THAT(Rows(*store, "deals", "acm"), ElementsAre("e=other tenant"));
  EXPECT_THAT(Rows(*store, "deals_more", "acme"), ElementsAre("a=other view"));
  EXPECT_EQ(store->ReadCheckpoint("deals", PartitionId{1})->number, BatchNumber{43});
}

}  // namespace
}  // namespace dealog::projections
