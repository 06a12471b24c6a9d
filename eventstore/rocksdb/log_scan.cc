#include "eventstore/rocksdb/log_scan.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/apply.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/rocksdb/database.h"
#include "eventstore/rocksdb/folder_lock.h"
#include "eventstore/rocksdb/limits.h"
#include "eventstore/rocksdb/open_check.h"
#include "eventstore/rocksdb/reader.h"

namespace dealog::eventstore {
namespace {

using BatchFunction = absl::FunctionRef<absl::Status(const ScannedBatch&)>;

absl::Status ScanPartition(const LogDatabase& database, PartitionId partition,
                           BatchFunction batch) {
  const LogReader reader(database);
  CommitsInOrder in_order(database, reader);
  PrefixRows rows(database, Family::kBatches, PartitionPrefix(partition));
  PartitionHead before{.digest = std::string(kDigestBytes, '\0')};
  std::vector<CommitPtr> commits;
  for (rows.Seek(0); rows.Valid(); rows.Next()) {
    const BatchNumber number{before.number.value + 1};
    if (rows.number() != number.value) {
      return CorruptBatch(partition, number,
                          absl::StrCat("it is missing; the next one is ", rows.number()));
    }
    ASSIGN_OR_RETURN(const auto header, ParseBatchHeader(partition, number, rows.value()));
    if (header.previous_digest() != before.digest) {
      return CorruptBatch(partition, number, "it does not name the digest of the one before");
    }
    commits.clear();
    for (const storage::v1::CommitDigest& digest : header.commits()) {
      ASSIGN_OR_RETURN(CommitPtr commit, in_order.Read(digest));
      if (!HasDigest(*commit, digest)) {
        return CorruptCommit(CommitKey(*commit), "its SHA-256 is not the one that its batch names");
      }
      commits.push_back(std::move(commit));
    }
    RETURN_IF_ERROR(batch({header, commits}));
    before = HeadAfter(header);
  }
  return rows.status();
}

}  // namespace

absl::Status ScanRocksDbLog(const std::string& path, BatchFunction batch) {
  FolderLock lock(path);
  RETURN_IF_ERROR(lock.Take());
  ASSIGN_OR_RETURN(
      const auto database,
      LogDatabase::Open({.path = path, .block_cache_bytes = kBlockCacheBytes, .read_only = true}));
  return ScanLog(*database, batch);
}

absl::Status ScanLog(const LogDatabase& database, BatchFunction batch) {
  for (uint32_t i = 0; i < database.partition_count(); ++i) {
    RETURN_IF_ERROR(ScanPartition(database, PartitionId{i}, batch));
  }
  return absl::OkStatus();
}

}  // namespace dealog::eventstore
