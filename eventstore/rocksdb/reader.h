#pragma once

// Reads of the log database. Internal to this folder.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "eventstore/rocksdb/database.h"
#include "eventstore/subscription.h"

namespace dealog::eventstore {

// Thread safety: yes. Ownership: `database` must outlive it.
// Every commit read was checked (ReadCommitRow), every batch header too (ParseBatchHeader).
class LogReader final : public CatchUpSource {
 public:
  explicit LogReader(const LogDatabase& database) : database_(database) {}

  // The commit of that key; DATA_LOSS if there is none: an index or a batch names it.
  absl::StatusOr<CommitPtr> ReadCommit(std::string_view key) const;

  absl::StatusOr<TenantHead> Head(std::string_view tenant) const;
  absl::StatusOr<Revision> StreamHead(std::string stream_prefix) const;
  absl::StatusOr<Position> PositionAt(std::string_view tenant, int64_t time_us) const;
  // NOT_FOUND if there is none.
  absl::StatusOr<storage::v1::BatchHeader> ReadBatchHeader(PartitionId partition,
                                                           BatchNumber number) const;
  absl::StatusOr<std::optional<storage::v1::RequestRecord>> FindRequest(std::string_view key) const;
  absl::StatusOr<std::optional<StreamId>> FindUnique(std::string_view key) const;

  // `head`: the tenant's published head.
  absl::StatusOr<ReadPage> ReadStream(const TenantId& tenant, const StreamId& stream,
                                      const StreamReadOptions& options, Position head) const;

  absl::StatusOr<std::vector<CommitPtr>> ReadCommitsAfter(const TenantId& tenant, Position after,
                                                          size_t bytes_max) const override;
  absl::StatusOr<std::vector<BatchPtr>> ReadBatchesAfter(PartitionId partition, BatchNumber after,
                                                         size_t bytes_max) const override;

 private:
  const LogDatabase& database_;
};

// Reads commits that come mostly in order per tenant, as batches name them: one row after the
// other where they follow each other, a seek where not. Thread safety: none.
class CommitsInOrder {
 public:
  CommitsInOrder(const LogDatabase& database, const LogReader& reader)
      : database_(database), reader_(reader) {}
  absl::StatusOr<CommitPtr> Read(const storage::v1::CommitDigest& commit);

 private:
  const LogDatabase& database_;
  const LogReader& reader_;
  absl::flat_hash_map<std::string, std::unique_ptr<PrefixRows>> tenants_;
};

}  // namespace dealog::eventstore
