#include "eventstore/merkle/rocksdb/audit_store.h"

#include <optional>
#include <utility>

#include "eventstore/base/status.h"
#include "eventstore/merkle/rocksdb/audit_rows.h"
#include "eventstore/side_db/side_db.h"

namespace dealog::eventstore {
namespace {

constexpr size_t kBlockCacheBytes = 8 << 20;
constexpr size_t kMemtableBytes = 16 << 20;
constexpr int kOpenFilesMax = 128;

SideDbOptions DbOptions(AuditStoreOptions options = {}) {
  return {.name = "audit store",
          .advice =
              "stop the server, delete its folder `audit` and start it: the trees are made "
              "anew",
          .format_key = std::string(kAuditFormatKey),
          .format = std::string(kAuditFormat),
          .block_cache_bytes = kBlockCacheBytes,
          .memtable_bytes = kMemtableBytes,
          .open_files_max = kOpenFilesMax,
          .compressed = false,  // Hashes do not compress.
          .damage = SideDbDamage::kBegunAnew,
          .contents = "the audit's trees",
          .log = std::move(options.log)};
}

class SideAuditStore final : public AuditStore {
 public:
  explicit SideAuditStore(std::unique_ptr<SideDb> db) : db_(std::move(db)) {}

  absl::Status Write(const AuditWrite& write) override {
    SideWrite rows;
    for (const AuditWrite::Tile& tile : write.tiles) {
      rows.Put(TileKey(tile.tenant, tile.id), tile.bytes);
    }
    for (const auto& [tenant, head] : write.heads) {
      rows.Put(TreeHeadKey(tenant), EncodeTreeHead(head));
    }
    rows.Put(AuditPointKey(write.partition), EncodeAuditPoint(write.point));
    return db_->Write(rows);
  }

  absl::StatusOr<TreeHead> Head(const TenantId& tenant) const override {
    return ReadRow<TreeHead>(TreeHeadKey(tenant), DecodeTreeHead, "head of a tree");
  }
  absl::StatusOr<FollowPoint> Point(PartitionId partition) const override {
    return ReadRow<FollowPoint>(AuditPointKey(partition), DecodeAuditPoint, "point in the log");
  }
  absl::StatusOr<SignedTree> Signed(const TenantId& tenant) const override {
    return ReadRow<SignedTree>(SignedTreeKey(tenant), DecodeSignedTree, "signed tree");
  }
  absl::StatusOr<std::string> Tile(const TenantId& tenant, TileId id) const override {
    ASSIGN_OR_RETURN(std::optional<std::string> bytes, db_->Read(TileKey(tenant, id)));
    return std::move(bytes).value_or("");
  }

  absl::Status SetSigned(const TenantId& tenant, const SignedTree& tree) override {
    SideWrite rows;
    rows.Put(SignedTreeKey(tenant), EncodeSignedTree(tree));
    return db_->Write(rows);
  }

  absl::Status Clear() override {
    SideWrite rows;
    for (const char tag : {kTileTag, kTreeHeadTag, kAuditPointTag}) {
      rows.DeletePrefix({&tag, 1});
    }
    return db_->Write(rows);
  }

 private:
  template <typename Row>
  absl::StatusOr<Row> ReadRow(const std::string& key,
                              std::optional<Row> (*decode)(std::string_view),
                              std::string_view what) const {
    ASSIGN_OR_RETURN(const std::optional<std::string> value, db_->Read(key));
    if (!value) return Row{};
    std::optional<Row> row = decode(*value);
    if (!row) return db_->Malformed(what);
    return *std::move(row);
  }

  const std::unique_ptr<SideDb> db_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AuditStore>> OpenAuditStore(const std::string& path,
                                                           AuditStoreOptions options) {
  ASSIGN_OR_RETURN(auto db, SideDb::Open(path, DbOptions(std::move(options))));
  return std::make_unique<SideAuditStore>(std::move(db));
}

absl::StatusOr<std::unique_ptr<AuditStore>> OpenAuditStoreReadOnly(const std::string& path) {
  ASSIGN_OR_RETURN(auto db, SideDb::OpenReadOnly(path, DbOptions()));
  return std::make_unique<SideAuditStore>(std::move(db));
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> DumpAuditStore(
    const std::string& path) {
  ASSIGN_OR_RETURN(const auto db, SideDb::OpenReadOnly(path, DbOptions()));
  return db->Dump();
}

}  // namespace dealog::eventstore
