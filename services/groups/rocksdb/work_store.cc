#include "services/groups/rocksdb/work_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"

namespace dealog::groups {
namespace {

constexpr size_t kBlockCacheBytes = 4 << 20;
constexpr size_t kMemtableBytes = 8 << 20;
constexpr int kOpenFilesMax = 64;
constexpr char kFormatKey[] = "F";
constexpr char kFormat[] = "1";

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status ToStatus(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string text =
      absl::StrCat("consumer groups, ", base::View(doing), ": ", status.ToString());
  if (status.IsCorruption()) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat(text,
                                    "; restore the folder from a copy, or move it away and create "
                                    "the groups anew"));
  }
  if (status.IsNoSpace()) {
    return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", text);
  }
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY", text);
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
  // As the log does: an unfinished last record is what a crash leaves, damage elsewhere is refused;
  // what failed once is not tried again behind our back.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_bgerror_resume_count = 0;
  return options;
}

// The first key after all that begin with `prefix`; empty if there is none.
std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

class RocksWorkStore final : public WorkStore {
 public:
  explicit RocksWorkStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}

  absl::Status Write(const WorkWrite& write, bool sync) override {
    rocksdb::WriteBatch batch;
    for (const std::string& prefix : write.dropped_prefixes) {
      RETURN_IF_ERROR(ToStatus(batch.DeleteRange(prefix, PrefixEnd(prefix)), "dropping rows"));
    }
    for (const WorkWrite::Row& row : write.rows) {
      RETURN_IF_ERROR(ToStatus(row.value ? batch.Put(row.key, *row.value) : batch.Delete(row.key),
                               "collecting rows"));
    }
    if (sync && write.empty()) return ToStatus(db_->SyncWAL(), "syncing");
    rocksdb::WriteOptions options;
    options.sync = sync;
    return ToStatus(db_->Write(options, &batch), "writing");
  }

  absl::Status Scan(
      std::string_view prefix,
      const std::function<absl::Status(std::string_view, std::string_view)>& row) const override {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions()));
    for (it->Seek(ToSlice(prefix)); it->Valid() && it->key().starts_with(ToSlice(prefix));
         it->Next()) {
      RETURN_IF_ERROR(row(ToView(it->key()), ToView(it->value())));
    }
    return ToStatus(it->status(), "scanning");
  }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WorkStore>> OpenWorkStore(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  rocksdb::DB* raw = nullptr;
  RETURN_IF_ERROR(ToStatus(rocksdb::DB::Open(MakeOptions(), path, &raw), "opening " + path));
  std::unique_ptr<rocksdb::DB> db(raw);
  std::string format;
  const rocksdb::Status read = db->Get(rocksdb::ReadOptions(), kFormatKey, &format);
  if (read.IsNotFound()) {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    RETURN_IF_ERROR(ToStatus(db->Put(synced, kFormatKey, kFormat), "creating"));
  } else {
    RETURN_IF_ERROR(ToStatus(read, "reading the format"));
    if (format != kFormat) {
      return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                         absl::StrCat("consumer groups, opening ", path, ": expected format ",
                                      kFormat, ", found another; start the dealogd that wrote it"));
    }
  }
  return std::make_unique<RocksWorkStore>(std::move(db));
}

}  // namespace dealog::groups
