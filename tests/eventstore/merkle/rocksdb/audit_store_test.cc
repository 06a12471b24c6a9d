// Method: rows there and back through RocksDB, a folder damaged, held and read by a second.

#include "eventstore/merkle/rocksdb/audit_store.h"

#include <gmock/gmock.h>

#include <fstream>

#include "eventstore/merkle/rocksdb/audit_rows.h"
#include "tests/eventstore/rocksdb/log_folder.h"

namespace dealog::eventstore {
namespace {

const TenantId kAcme{"acme"};

AuditWrite MakeWrite(uint64_t size) {
  return {.tiles = {{kAcme, {0, 3}, "tile"}, {kAcme, {1, 0}, "upper"}, {{"acm"}, {0, 3}, "other"}},
          .heads = {{kAcme, {size, {.number = {7}, .digest = HashLeaf("batch")}}}},
          .partition = {2},
          .point = {{9}, std::string(32, 'd')}};
}

TEST(AuditStore, KeepsWhatWasWritten) {
  LogFolder folder;
  {
    auto store = OpenAuditStore(folder.path()).value();
    ASSERT_TRUE(store->Write(MakeWrite(5)).ok());
    ASSERT_TRUE(store->SetSigned(kAcme, {4, HashLeaf("root")}).ok());
  }
  const auto store = OpenAuditStore(folder.path()).value();
  EXPECT_EQ(store->Tile(kAcme, {0, 3}).value(), "tile");
  EXPECT_EQ(store->Tile(kAcme, {1, 0}).value(), "upper");
  EXPECT_EQ(store->Tile({"acm"}, {0, 3}).value(), "other");
  EXPECT_EQ(store->Head(kAcme)->size, 5u);
  EXPECT_EQ(store->Head(kAcme)->batch.digest, HashLeaf("batch"));
  EXPECT_EQ(store->Point({2})->number.value, 9u);
  EXPECT_EQ(store->Point({2})->digest, std::string(32, 'd'));
  EXPECT_EQ(store->Signed(kAcme)->size, 4u);
  EXPECT_EQ(store->Signed(kAcme)->root, HashLeaf("root"));
}

TEST(AuditStore, AnswersZeroForWhatIsNotThere) {
  LogFolder folder;
  const auto store = OpenAuditStore(folder.path()).value();
  EXPECT_EQ(store->Tile(kAcme, {0, 0}).value(), "");
  EXPECT_EQ(store->Head(kAcme)->size, 0u);
  EXPECT_EQ(store->Point({0})->number.value, 0u);
  EXPECT_EQ(store->Signed(kAcme)->size, 0u);
}

TEST(AuditStore, ClearForgetsTreesAndKeepsWhatWasSigned) {
  LogFolder folder;
  const auto store = OpenAuditStore(folder.path()).value();
  ASSERT_TRUE(store->Write(MakeWrite(5)).ok());
  ASSERT_TRUE(store->SetSigned(kAcme, {4, HashLeaf("root")}).ok());
  ASSERT_TRUE(store->Clear().ok());
  EXPECT_EQ(store->Tile(kAcme, {0, 3}).value(), "");
  EXPECT_EQ(store->Head(kAcme)->size, 0u);
  EXPECT_EQ(store->Point({2})->number.value, 0u);
  EXPECT_EQ(store->Signed(kAcme)->size, 4u);
}

TEST(AuditStore, RefusesAFolderInUse) {
  LogFolder folder;
  const auto store = OpenAuditStore(folder.path()).value();
  const auto second = OpenAuditStore(folder.path());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable) << second.status();
  EXPECT_EQ(store->Head(kAcme)->size, 0u) << "the first goes on";
}

TEST(AuditStore, MovesADamagedFolderAside) {
  LogFolder folder;
  {
    auto store = OpenAuditStore(folder.path()).value();
    ASSERT_TRUE(store->Write(MakeWrite(5)).ok());
  }
  std::ofstream(folder.path() + "/CURRENT") << "nonsense\n";
  std::string said;
  const auto store =
      OpenAuditStore(folder.path(), {.log = [&](std::string_view text) { said = text; }});
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->Head(kAcme)->size, 0u);
  EXPECT_THAT(said, testing::HasSubstr(folder.path() + ".damaged"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() + ".damaged"));
}

TEST(AuditStore, IsReadBesideNobody) {
  LogFolder folder;
  EXPECT_EQ(OpenAuditStoreReadOnly(folder.path()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  {
    auto store = OpenAuditStore(folder.path()).value();
    ASSERT_TRUE(store->Write(MakeWrite(5)).ok());
  }
  const auto store = OpenAuditStoreReadOnly(folder.path()).value();
  EXPECT_EQ(store->Head(kAcme)->size, 5u);
  EXPECT_FALSE(store->Write(MakeWrite(6)).ok());
  EXPECT_FALSE(store->Clear().ok());
  EXPECT_FALSE(store->SetSigned(kAcme, {}).ok());
}

// The golden bytes of docs/formats/audit.md.
TEST(AuditRows, HaveTheirBytes) {
  using namespace std::string_view_literals;  // NOLINT: bytes with zeros.
  EXPECT_EQ(TileKey(kAcme, {1, 258}), "T\4acme\1\0\0\0\0\0\0\1\2"sv);
  EXPECT_EQ(TreeHeadKey(kAcme), "H\4acme");
  EXPECT_EQ(SignedTreeKey(kAcme), "S\4acme");
  EXPECT_EQ(AuditPointKey({3}), "P\0\0\0\3"sv);
  const std::string digest(base::AsView(HashLeaf("x")));
  EXPECT_EQ(EncodeTreeHead({5, {.partition = {1}, .number = {7}, .digest = HashLeaf("x")}}),
            std::string("\0\0\0\0\0\0\0\5\0\0\0\1\0\0\0\0\0\0\0\7"sv) + digest);
  EXPECT_EQ(EncodeAuditPoint({{7}, digest}), std::string("\0\0\0\0\0\0\0\7"sv) + digest);
  EXPECT_EQ(EncodeSignedTree({5, HashLeaf("x")}), std::string("\0\0\0\0\0\0\0\5"sv) + digest);
}

TEST(AuditRows, RefuseOtherSizes) {
  for (const std::string& value : {std::string(), std::string(39, 'x'), std::string(61, 'x')}) {
    EXPECT_FALSE(DecodeTreeHead(value));
    EXPECT_FALSE(DecodeAuditPoint(value));
    EXPECT_FALSE(DecodeSignedTree(value));
  }
  const TreeHead head{5, {.partition = {1}, .number = {7}, .digest = HashLeaf("x")}};
  EXPECT_EQ(DecodeTreeHead(EncodeTreeHead(head)), head);
}

}  // namespace
}  // namespace dealog::eventstore
