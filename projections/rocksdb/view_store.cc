#include "projections/rocksdb/view_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/rocksdb/view_keys.h"

namespace dealog::projections {
namespace {

constexpr size_t kBlockCacheBytes = 16 << 20;
constexpr size_t kMemtableBytes = 32 << 20;
constexpr int kOpenFilesMax = 256;
// A file in the folder: damage was met.
constexpr char kDamagedMark[] = "/DAMAGED";

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status ToStatus(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = absl::StrCat("view store, ", base::View(doing), ": ", status.ToString());
  if (status.IsCorruption()) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", text);
  }
  if (status.IsNoSpace()) {
    return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", text);
  }
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY", text);
}

absl::Status Malformed(std::string_view what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat("view store: a stored ", base::View(what),
                                  " does not decode; the view must be rebuilt"));
}

rocksdb::Options MakeOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.max_open_files = kOpenFilesMax;
  options.write_buffer_size = kMemtableBytes;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.keep_log_file_num = 2;
  options.max_background_jobs = 2;
  return options;
}

class RocksViewStore final : public ViewStore {
 public:
  RocksViewStore(std::unique_ptr<rocksdb::DB> db, std::string path, ViewStoreOptions options)
      : db_(std::move(db)), path_(std::move(path)), options_(std::move(options)) {}

  absl::Status Write(const ViewWrite& write) override {
    rocksdb::WriteBatch batch;
    std::string key;
    for (const ViewWrite::Row& row : write.rows) {
      key = RowPrefix(row.view, row.tenant);
      key += row.key;
      const rocksdb::Status added = row.deleted ? batch.Delete(key) : batch.Put(key, row.value);
      RETURN_IF_ERROR(ToStatus(added, "collecting rows"));
    }
    for (const ViewWrite::Checkpoint& item : write.checkpoints) {
      RETURN_IF_ERROR(ToStatus(
          batch.Put(CheckpointKey(item.view, item.partition), EncodeCheckpoint(item.checkpoint)),
          "collecting checkpoints"));
    }
    for (const ViewWrite::Applied& item : write.applied) {
      RETURN_IF_ERROR(
          ToStatus(batch.Put(AppliedKey(item.view, item.tenant), EncodePoint(item.point)),
                   "collecting positions"));
    }
    return Check(db_->Write(rocksdb::WriteOptions(), &batch), "writing");
  }

  absl::StatusOr<ViewCheckpoint> ReadCheckpoint(std::string_view view,
                                                eventstore::PartitionId partition) const override {
    ASSIGN_OR_RETURN(const std::optional<std::string> value, Read(CheckpointKey(view, partition)));
    if (!value) return ViewCheckpoint{};
    std::optional<ViewCheckpoint> checkpoint = DecodeCheckpoint(*value);
    if (!checkpoint) return Malformed("checkpoint");
    return *std::move(checkpoint);
  }

  absl::StatusOr<SlotPoint> ReadApplied(std::string_view view,
                                        const eventstore::TenantId& tenant) const override {
    ASSIGN_OR_RETURN(const std::optional<std::string> value, Read(AppliedKey(view, tenant)));
    if (!value) return SlotPoint{};
    std::optional<SlotPoint> point = DecodePoint(*value);
    if (!point) return Malformed("position");
    return *std::move(point);
  }

  absl::Status Scan(
      std::string_view view, const eventstore::TenantId& tenant,
      const std::function<absl::Status(std::string_view, std::string_view)>& row) const override {
    const std::string prefix = RowPrefix(view, tenant);
    rocksdb::ReadOptions options;
    options.fill_cache = false;  // Rows are read once, then resident.
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
    for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
      RETURN_IF_ERROR(row(ToView(it->key()).substr(prefix.size()), ToView(it->value())));
    }
    return Check(it->status(), "scanning");
  }

  absl::Status Drop(std::string_view view) override {
    rocksdb::WriteBatch batch;
    for (const char tag : {kRowTag, kCheckpointTag, kAppliedTag}) {
      const std::string prefix = ViewPrefix(tag, view);
      RETURN_IF_ERROR(ToStatus(batch.DeleteRange(prefix, PrefixEnd(prefix)), "dropping a view"));
    }
    return Check(db_->Write(rocksdb::WriteOptions(), &batch), "dropping a view");
  }

  absl::Status DropTenant(std::string_view view, const eventstore::TenantId& tenant) override {
    rocksdb::WriteBatch batch;
    const std::string prefix = RowPrefix(view, tenant);
    RETURN_IF_ERROR(ToStatus(batch.DeleteRange(prefix, PrefixEnd(prefix)), "dropping rows"));
    RETURN_IF_ERROR(ToStatus(batch.Delete(AppliedKey(view, tenant)), "dropping rows"));
    return Check(db_->Write(rocksdb::WriteOptions(), &batch), "dropping rows");
  }

 private:
  // A damaged file can be read no better tomorrow: views that it holds are rebuilt now, but a
  // compaction would stumble over it for ever. So the next open begins with an empty folder.
  absl::Status Check(const rocksdb::Status& status, std::string_view doing) const {
    absl::Status checked = ToStatus(status, doing);
    if (!status.IsCorruption() || damaged_.exchange(true)) return checked;
    std::ofstream(path_ + kDamagedMark);
    if (options_.log) {
      options_.log(absl::StrCat("views are damaged: ", std::string(checked.message()),
                                "; all are rebuilt at the next start"));
    }
    return checked;
  }

  absl::StatusOr<std::optional<std::string>> Read(const std::string& key) const {
    std::string value;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), key, &value);
    if (status.IsNotFound()) return std::nullopt;
    RETURN_IF_ERROR(Check(status, "reading"));
    return value;
  }

  const std::unique_ptr<rocksdb::DB> db_;
  const std::string path_;
  const ViewStoreOptions options_;
  mutable std::atomic<bool> damaged_ = false;
};

bool IsHeldByAnother(const rocksdb::Status& status) {
  return status.IsIOError() && status.ToString().find("lock") != std::string::npos;
}

// Opens the folder and checks its format, which an empty one is given.
absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenFolder(const std::string& path, bool& held) {
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(MakeOptions(), path, &raw);
  held = IsHeldByAnother(opened);
  RETURN_IF_ERROR(ToStatus(opened, "opening"));
  std::unique_ptr<rocksdb::DB> db(raw);
  std::string format;
  const rocksdb::Status read = db->Get(rocksdb::ReadOptions(), ToSlice(kFormatKey), &format);
  if (read.IsNotFound()) {
    RETURN_IF_ERROR(ToStatus(
        db->Put(rocksdb::WriteOptions(), ToSlice(kFormatKey), ToSlice(kFormat)), "creating"));
    return db;
  }
  RETURN_IF_ERROR(ToStatus(read, "reading the format"));
  if (format != kFormat) return Malformed("format");
  std::error_code error;
  if (std::filesystem::exists(path + kDamagedMark, error)) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       "view store: damage was met while it was in use");
  }
  return db;
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenFolderReadOnly(const std::string& path) {
  rocksdb::DB* raw = nullptr;
  RETURN_IF_ERROR(
      ToStatus(rocksdb::DB::OpenForReadOnly(rocksdb::Options(), path, &raw), "opening"));
  return std::unique_ptr<rocksdb::DB>(raw);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ViewStore>> OpenViewStore(const std::string& path,
                                                         ViewStoreOptions options) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  bool held = false;
  absl::StatusOr<std::unique_ptr<rocksdb::DB>> db = OpenFolder(path, held);
  if (!db.ok() && held) return db.status();
  if (!db.ok() && db.status().code() != absl::StatusCode::kResourceExhausted) {
    const std::string aside = path + ".damaged";
    std::filesystem::remove_all(aside, error);
    std::filesystem::rename(path, aside, error);
    if (options.log) {
      options.log(absl::StrCat("views are rebuilt: ", std::string(db.status().message()),
                               "; the folder was moved to ", aside));
    }
    db = OpenFolder(path, held);
  }
  if (!db.ok()) return db.status();
  return std::make_unique<RocksViewStore>(*std::move(db), path, std::move(options));
}

absl::StatusOr<std::vector<ViewWrite::Checkpoint>> ReadViewCheckpoints(const std::string& path) {
  std::error_code error;
  std::vector<ViewWrite::Checkpoint> checkpoints;
  if (!std::filesystem::exists(path + "/CURRENT", error)) return checkpoints;
  ASSIGN_OR_RETURN(const std::unique_ptr<rocksdb::DB> db, OpenFolderReadOnly(path));
  const std::string tag(1, kCheckpointTag);
  const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator(rocksdb::ReadOptions()));
  for (it->Seek(tag); it->Valid() && it->key().starts_with(tag); it->Next()) {
    std::optional<ViewWrite::Checkpoint> found = ParseCheckpointKey(ToView(it->key()));
    std::optional<ViewCheckpoint> checkpoint = DecodeCheckpoint(ToView(it->value()));
    if (!found || !checkpoint) return Malformed("checkpoint");
    found->checkpoint = *std::move(checkpoint);
    checkpoints.push_back(*std::move(found));
  }
  RETURN_IF_ERROR(ToStatus(it->status(), "reading checkpoints"));
  return checkpoints;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> DumpViewStore(
    const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<rocksdb::DB> db, OpenFolderReadOnly(path));
  std::vector<std::pair<std::string, std::string>> entries;
  const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator(rocksdb::ReadOptions()));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    entries.emplace_back(it->key().ToString(), it->value().ToString());
  }
  RETURN_IF_ERROR(ToStatus(it->status(), "dumping"));
  return entries;
}

}  // namespace dealog::projections
