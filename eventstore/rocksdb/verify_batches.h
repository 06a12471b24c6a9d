#pragma once

// Goes through the batches of a log and makes the rows that follow from them, checking both on the
// way. Internal to this folder.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "eventstore/apply.h"
#include "eventstore/log_verify.h"
#include "eventstore/rocksdb/reader.h"
#include "eventstore/rocksdb/verify_pace.h"

namespace dealog::eventstore {

// A row that follows from a batch. Lives as long as the call.
struct ExpectedRow {
  const Row& row;
  // Of a row of `streams`: the stream's revision before the commit. 0 else.
  uint64_t revision_before = 0;
  PartitionId partition;
  BatchNumber number;
};
using ExpectedRowSink = absl::FunctionRef<void(const ExpectedRow&)>;

// Thread safety: none. Ownership: all that it is given must outlive it.
class BatchWalk {
 public:
  BatchWalk(const LogDatabase& database, const LogVerifyOptions& options, LogVerifyReport& report,
            VerifyPace& pace);

  // The rows of every readable commit, and those of the families of batches and commits of every
  // batch that names them, readable or not. The first time everything is checked and counted.
  absl::Status Run(bool check, ExpectedRowSink sink);
  // False: not all batches could be read, so that rows may be there that seem to follow from none.
  bool complete() const { return complete_; }
  uint64_t unreadable_commits() const { return unreadable_commits_; }

 private:
  struct Tenant {
    uint64_t position = 0;
    int64_t recorded_at_us = 0;
  };
  // By StreamPrefix: the revision before the commit.
  using RevisionsBefore = absl::flat_hash_map<std::string, uint64_t>;
  // By partition and batch number.
  using Followers = std::multimap<std::pair<uint32_t, uint64_t>, const FollowerPoint*>;

  absl::Status WalkPartition(PartitionId partition, bool check, ExpectedRowSink sink);
  uint64_t WalkCommits(const storage::v1::BatchHeader& header, CommitsInOrder& in_order, bool check,
                       ExpectedRowSink sink);
  void ApplyCommit(const storage::v1::BatchHeader& batch, const storage::v1::CommitDigest& digest,
                   const CommitPtr& commit, ExpectedRowSink sink);
  void CheckCommit(const CommitPtr& commit, const storage::v1::CommitDigest& digest);
  void ReadEvents(const CommitPtr& commit, bool check);
  // Those up to that batch; `digest` empty: of a batch that can't be read.
  void CheckFollowers(PartitionId partition, BatchNumber number, std::string_view digest);
  void CheckFollowersBeyond(PartitionId partition, BatchNumber head);
  void Wrong(const CommitPtr& commit, std::string_view what);

  const LogDatabase& database_;
  const LogReader reader_;
  const LogVerifyOptions& options_;
  LogVerifyReport& report_;
  VerifyPace& pace_;
  absl::flat_hash_map<std::string, Tenant> tenants_;
  RevisionsBefore revisions_before_;  // Of the commit at hand.
  Followers followers_;               // Not met yet.
  bool complete_ = true;
  uint64_t unreadable_commits_ = 0;
};

}  // namespace dealog::eventstore
