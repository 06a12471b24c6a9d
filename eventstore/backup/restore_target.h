#pragma once

// The folder that a restore makes. Internal to this folder.

#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/storage/v1/backup.pb.h"
#include "eventstore/backup/files.h"
#include "eventstore/event_log.h"
#include "eventstore/rocksdb/log_loader.h"

namespace dealog::eventstore {

// Thread safety: none.
class RestoreTarget {
 public:
  // Makes the folder and marks it with the plan, or goes on with one that has the same mark.
  // FAILED_PRECONDITION / TARGET_NOT_EMPTY: it holds something else. FAILED_PRECONDITION /
  // NOT_READY: another process has it.
  static absl::StatusOr<RestoreTarget> Open(const std::string& data_folder,
                                            const storage::v1::RestorePlan& plan,
                                            uint32_t partition_count);

  // Adds the batch, unless a run before this one did.
  absl::Status Add(const storage::v1::BatchHeader& header, std::span<const CommitPtr> commits);
  // The head of what a run before this one left.
  PartitionHead Head(PartitionId partition) const { return loader_->Head(partition); }
  // Makes it a data folder.
  absl::Status Finish();
  // Removes what was made of it.
  void Abandon();

 private:
  explicit RestoreTarget(std::string folder) : folder_(std::move(folder)) {}
  absl::Status Mark(const storage::v1::RestorePlan& plan);

  std::string folder_;
  std::unique_ptr<LockedFile> lock_;
  std::unique_ptr<LogLoader> loader_;
};

}  // namespace dealog::eventstore
