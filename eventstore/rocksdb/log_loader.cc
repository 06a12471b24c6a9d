#include "eventstore/rocksdb/log_loader.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/apply.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/rocksdb/database.h"
#include "eventstore/rocksdb/limits.h"
#include "eventstore/rocksdb/open_check.h"
#include "eventstore/rocksdb/reader.h"
#include "eventstore/rocksdb/witness_file.h"
#include "rocksdb/env.h"
#include "rocksdb/write_batch.h"

namespace dealog::eventstore {
namespace {

// Bytes of rows that are handed to the database at once.
constexpr size_t kLoadBatchBytes = 4 << 20;

absl::Status FromWrite(const rocksdb::Status& status) {
  if (!status.IsNoSpace()) return FromRocksDb(status, "loading the log");
  return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW",
                     absl::StrCat("loading the log: ", status.ToString(),
                                  "; free space and run the same command again: it goes on where "
                                  "it ended"));
}

class LogLoaderImpl final : public LogLoader {
 public:
  explicit LogLoaderImpl(std::unique_ptr<LogDatabase> database)
      : database_(std::move(database)), reader_(*database_) {}

  absl::Status Recover() {
    for (uint32_t i = 0; i < database_->partition_count(); ++i) {
      ASSIGN_OR_RETURN(heads_.emplace_back(),
                       CheckPartitionEnd(*database_, reader_, PartitionId{i}));
    }
    return absl::OkStatus();
  }

  PartitionHead Head(PartitionId partition) const override { return heads_.at(partition.value); }

  absl::Status Add(const storage::v1::BatchHeader& header,
                   std::span<const CommitPtr> commits) override {
    PartitionHead& head = heads_.at(header.partition());
    DEALOG_CHECK(header.number() == head.number.value + 1 &&
                 header.previous_digest() == head.digest)
        << "batch " << header.number() << " behind " << head.number.value;
    rocksdb::Status status;
    Apply(header, commits, [&](const Row& row) {
      rocksdb::ColumnFamilyHandle* const family = database_->family(row.family);
      const rocksdb::Status added = row.deleted
                                        ? rows_.Delete(family, ToSlice(row.key))
                                        : rows_.Put(family, ToSlice(row.key), ToSlice(row.value));
      if (status.ok()) status = added;
    });
    RETURN_IF_ERROR(FromWrite(status));
    head = HeadAfter(header);
    return rows_.GetDataSize() < kLoadBatchBytes ? absl::OkStatus() : Write();
  }

  absl::Status Finish(const std::string& witness_file) override {
    RETURN_IF_ERROR(Write());
    RETURN_IF_ERROR(FromWrite(database_->db().SyncWAL()));
    database_.reset();
    ASSIGN_OR_RETURN(const auto witness, WitnessFile::Open(witness_file));
    return witness->Write(heads_);
  }

 private:
  // Not synced: what a power failure takes is loaded again, in order, because the write-ahead log
  // keeps the order.
  absl::Status Write() {
    if (rows_.Count() == 0) return absl::OkStatus();
    RETURN_IF_ERROR(FromWrite(database_->db().Write(rocksdb::WriteOptions(), &rows_)));
    rows_.Clear();
    return absl::OkStatus();
  }

  std::unique_ptr<LogDatabase> database_;
  const LogReader reader_;
  std::vector<PartitionHead> heads_;
  rocksdb::WriteBatch rows_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LogLoader>> LogLoader::Open(const std::string& path,
                                                           uint32_t partition_count) {
  ASSIGN_OR_RETURN(auto database, LogDatabase::Open({.path = path,
                                                     .partition_count = partition_count,
                                                     .block_cache_bytes = kBlockCacheBytes}));
  auto loader = std::make_unique<LogLoaderImpl>(std::move(database));
  RETURN_IF_ERROR(loader->Recover());
  return loader;
}

absl::StatusOr<uint32_t> PartitionCountOf(const std::string& path) {
  if (!rocksdb::Env::Default()->FileExists(path + "/CURRENT").ok()) return 0;
  ASSIGN_OR_RETURN(const auto database, LogDatabase::Open({.path = path, .read_only = true}));
  return database->partition_count();
}

}  // namespace dealog::eventstore
