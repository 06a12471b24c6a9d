#include "eventstore/merkle/rocksdb/audit_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/merkle/rocksdb/audit_rows.h"

namespace dealog::eventstore {
namespace {

constexpr size_t kBlockCacheBytes = 8 << 20;
constexpr size_t kMemtableBytes = 16 << 20;
constexpr int kOpenFilesMax = 128;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

absl::Status ToStatus(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string text =
      absl::StrCat("audit store, ", base::View(doing), ": ", status.ToString());
  if (status.IsCorruption()) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", text);
  }
  if (status.IsNoSpace()) {
    return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", text);
  }
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY", text);
}

absl::Status Malformed(std::string_view what) {
  return base::Error(
      absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
      absl::StrCat("audit store: a stored ", base::View(what),
                   " does not decode; stop the server, delete its folder `audit` and start it: the "
                   "trees are made anew"));
}

rocksdb::Options MakeOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.max_open_files = kOpenFilesMax;
  options.write_buffer_size = kMemtableBytes;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // Hashes do not compress.
  options.compression = rocksdb::kNoCompression;
  options.keep_log_file_num = 2;
  options.max_background_jobs = 2;
  return options;
}

class RocksAuditStore final : public AuditStore {
 public:
  explicit RocksAuditStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}

  absl::Status Write(const AuditWrite& write) override {
    rocksdb::WriteBatch batch;
    const auto put = [&](const std::string& key, const std::string& value) {
      return ToStatus(batch.Put(key, value), "collecting rows");
    };
    for (const AuditWrite::Tile& tile : write.tiles) {
      RETURN_IF_ERROR(put(TileKey(tile.tenant, tile.id), tile.bytes));
    }
    for (const auto& [tenant, head] : write.heads) {
      RETURN_IF_ERROR(put(TreeHeadKey(tenant), EncodeTreeHead(head)));
    }
    RETURN_IF_ERROR(put(AuditPointKey(write.partition), EncodeAuditPoint(write.point)));
    return ToStatus(db_->Write(rocksdb::WriteOptions(), &batch), "writing");
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
    ASSIGN_OR_RETURN(std::optional<std::string> bytes, Read(TileKey(tenant, id)));
    return std::move(bytes).value_or("");
  }

  absl::Status SetSigned(const TenantId& tenant, const SignedTree& tree) override {
    return ToStatus(
        db_->Put(rocksdb::WriteOptions(), SignedTreeKey(tenant), EncodeSignedTree(tree)),
        "writing");
  }

  absl::Status Clear() override {
    rocksdb::WriteBatch batch;
    for (const char tag : {kTileTag, kTreeHeadTag, kAuditPointTag}) {
      const rocksdb::Status added =
          batch.DeleteRange(std::string(1, tag), std::string(1, static_cast<char>(tag + 1)));
      RETURN_IF_ERROR(ToStatus(added, "clearing"));
    }
    return ToStatus(db_->Write(rocksdb::WriteOptions(), &batch), "clearing");
  }

 private:
  absl::StatusOr<std::optional<std::string>> Read(const std::string& key) const {
    std::string value;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), key, &value);
    if (status.IsNotFound()) return std::nullopt;
    RETURN_IF_ERROR(ToStatus(status, "reading"));
    return value;
  }
  template <typename Row>
  absl::StatusOr<Row> ReadRow(const std::string& key,
                              std::optional<Row> (*decode)(std::string_view),
                              std::string_view what) const {
    ASSIGN_OR_RETURN(const std::optional<std::string> value, Read(key));
    if (!value) return Row{};
    std::optional<Row> row = decode(*value);
    if (!row) return Malformed(what);
    return *std::move(row);
  }

  const std::unique_ptr<rocksdb::DB> db_;
};

bool IsHeldByAnother(const rocksdb::Status& status) {
  return status.IsIOError() && status.ToString().find("lock") != std::string::npos;
}

absl::Status CheckFormat(rocksdb::DB& db, bool read_only) {
  std::string format;
  const rocksdb::Status read = db.Get(rocksdb::ReadOptions(), kAuditFormatKey, &format);
  if (read.IsNotFound() && !read_only) {
    return ToStatus(db.Put(rocksdb::WriteOptions(), kAuditFormatKey, ToSlice(kAuditFormat)),
                    "creating");
  }
  RETURN_IF_ERROR(ToStatus(read, "reading the format"));
  return format == kAuditFormat ? absl::OkStatus() : Malformed("format");
}

// Opens the folder and checks its format, which an empty one is given.
absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenFolder(const std::string& path, bool& held) {
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(MakeOptions(), path, &raw);
  held = IsHeldByAnother(opened);
  RETURN_IF_ERROR(ToStatus(opened, "opening"));
  std::unique_ptr<rocksdb::DB> db(raw);
  RETURN_IF_ERROR(CheckFormat(*db, /*read_only=*/false));
  return db;
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenFolderReadOnly(const std::string& path) {
  rocksdb::DB* raw = nullptr;
  rocksdb::Options options = MakeOptions();
  options.create_if_missing = false;
  const rocksdb::Status opened = rocksdb::DB::OpenForReadOnly(options, path, &raw);
  if (opened.ok()) return std::unique_ptr<rocksdb::DB>(raw);
  return base::Error(absl::StatusCode::kFailedPrecondition, "NOT_READY",
                     absl::StrCat("expected trees in ", path, ": ", opened.ToString()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditStore>> OpenAuditStore(const std::string& path,
                                                           AuditStoreOptions options) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  bool held = false;
  absl::StatusOr<std::unique_ptr<rocksdb::DB>> db = OpenFolder(path, held);
  if (!db.ok() && !held && db.status().code() != absl::StatusCode::kResourceExhausted) {
    const std::string aside = path + ".damaged";
    std::filesystem::remove_all(aside, error);
    std::filesystem::rename(path, aside, error);
    if (options.log) {
      options.log(
          absl::StrCat("the audit's trees are made anew: ", std::string(db.status().message()),
                       "; the folder was moved to ", aside));
    }
    db = OpenFolder(path, held);
  }
  if (!db.ok()) return db.status();
  return std::make_unique<RocksAuditStore>(*std::move(db));
}

absl::StatusOr<std::unique_ptr<AuditStore>> OpenAuditStoreReadOnly(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<rocksdb::DB> db, OpenFolderReadOnly(path));
  RETURN_IF_ERROR(CheckFormat(*db, /*read_only=*/true));
  return std::make_unique<RocksAuditStore>(std::move(db));
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> DumpAuditStore(
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

}  // namespace dealog::eventstore
