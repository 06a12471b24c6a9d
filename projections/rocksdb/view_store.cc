#include "projections/rocksdb/view_store.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "eventstore/base/status.h"
#include "eventstore/side_db/side_db.h"
#include "projections/rocksdb/view_keys.h"

namespace dealog::projections {
namespace {

using eventstore::SideDb;
using eventstore::SideWrite;

constexpr size_t kBlockCacheBytes = 16 << 20;
constexpr size_t kMemtableBytes = 32 << 20;
constexpr int kOpenFilesMax = 256;

eventstore::SideDbOptions DbOptions(ViewStoreOptions options = {}) {
  return {.name = "view store",
          .advice = "the view must be rebuilt",
          .format_key = std::string(kFormatKey),
          .format = std::string(kFormat),
          .block_cache_bytes = kBlockCacheBytes,
          .memtable_bytes = kMemtableBytes,
          .open_files_max = kOpenFilesMax,
          .damage = eventstore::SideDbDamage::kMarkedAndBegunAnew,
          .contents = "views",
          .log = std::move(options.log)};
}

class SideViewStore final : public ViewStore {
 public:
  explicit SideViewStore(std::unique_ptr<SideDb> db) : db_(std::move(db)) {}

  absl::Status Write(const ViewWrite& write) override {
    SideWrite rows;
    std::string key;
    for (const ViewWrite::Row& row : write.rows) {
      key = RowPrefix(row.view, row.tenant);
      key += row.key;
      if (row.deleted) {
        rows.Delete(key);
      } else {
        rows.Put(key, row.value);
      }
    }
    for (const ViewWrite::Checkpoint& item : write.checkpoints) {
      rows.Put(CheckpointKey(item.view, item.partition), EncodeCheckpoint(item.checkpoint));
    }
    for (const ViewWrite::Applied& item : write.applied) {
      rows.Put(AppliedKey(item.view, item.tenant), EncodePoint(item.point));
    }
    return db_->Write(rows);
  }

  absl::StatusOr<ViewCheckpoint> ReadCheckpoint(std::string_view view,
                                                eventstore::PartitionId partition) const override {
    ASSIGN_OR_RETURN(const std::optional<std::string> value,
                     db_->Read(CheckpointKey(view, partition)));
    if (!value) return ViewCheckpoint{};
    std::optional<ViewCheckpoint> checkpoint = DecodeCheckpoint(*value);
    if (!checkpoint) return db_->Malformed("checkpoint");
    return *std::move(checkpoint);
  }

  absl::StatusOr<SlotPoint> ReadApplied(std::string_view view,
                                        const eventstore::TenantId& tenant) const override {
    ASSIGN_OR_RETURN(const std::optional<std::string> value, db_->Read(AppliedKey(view, tenant)));
    if (!value) return SlotPoint{};
    std::optional<SlotPoint> point = DecodePoint(*value);
    if (!point) return db_->Malformed("position");
    return *std::move(point);
  }

  absl::Status Scan(
      std::string_view view, const eventstore::TenantId& tenant,
      const std::function<absl::Status(std::string_view, std::string_view)>& row) const override {
    const std::string prefix = RowPrefix(view, tenant);
    const auto without_prefix = [&](std::string_view key, std::string_view value) {
      return row(key.substr(prefix.size()), value);
    };
    // Rows are read once, then resident.
    return db_->Scan(prefix, without_prefix, /*keep=*/false);
  }

  absl::Status Drop(std::string_view view) override {
    SideWrite rows;
    for (const char tag : {kRowTag, kCheckpointTag, kAppliedTag}) {
      rows.DeletePrefix(ViewPrefix(tag, view));
    }
    return db_->Write(rows);
  }

  absl::Status DropTenant(std::string_view view, const eventstore::TenantId& tenant) override {
    SideWrite rows;
    rows.DeletePrefix(RowPrefix(view, tenant));
    rows.Delete(AppliedKey(view, tenant));
    return db_->Write(rows);
  }

 private:
  const std::unique_ptr<SideDb> db_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ViewStore>> OpenViewStore(const std::string& path,
                                                         ViewStoreOptions options) {
  ASSIGN_OR_RETURN(auto db, SideDb::Open(path, DbOptions(std::move(options))));
  return std::make_unique<SideViewStore>(std::move(db));
}

absl::StatusOr<std::vector<ViewWrite::Checkpoint>> ReadViewCheckpoints(const std::string& path) {
  std::error_code error;
  std::vector<ViewWrite::Checkpoint> checkpoints;
  if (!std::filesystem::exists(path + "/CURRENT", error)) return checkpoints;
  ASSIGN_OR_RETURN(const auto db, SideDb::OpenReadOnly(path, DbOptions()));
  const auto take = [&](std::string_view key, std::string_view value) -> absl::Status {
    std::optional<ViewWrite::Checkpoint> found = ParseCheckpointKey(key);
    std::optional<ViewCheckpoint> checkpoint = DecodeCheckpoint(value);
    if (!found || !checkpoint) return db->Malformed("checkpoint");
    found->checkpoint = *std::move(checkpoint);
    checkpoints.push_back(*std::move(found));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(db->Scan(std::string(1, kCheckpointTag), take));
  return checkpoints;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> DumpViewStore(
    const std::string& path) {
  ASSIGN_OR_RETURN(const auto db, SideDb::OpenReadOnly(path, DbOptions()));
  return db->Dump();
}

}  // namespace dealog::projections
