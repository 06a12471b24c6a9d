#pragma once

// Writes the parts of an unfinished backup, one after the other; goes on where a killed one ended.
// Internal to this folder.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "dealog/storage/v1/backup.pb.h"
#include "eventstore/backup/files.h"
#include "eventstore/backup/records.h"

namespace dealog::eventstore {

// Thread safety: none.
// Invariant: what was handed to Add is in whole frames, in order.
class PartWriter {
 public:
  // `head`: what the first frame of every part says, but its part number and partition.
  PartWriter(std::string archive, storage::v1::BackupPartHead head, size_t part_bytes_target)
      : archive_(std::move(archive)),
        head_(std::move(head)),
        part_bytes_target_(part_bytes_target) {}

  // Reads the next part that a run before this one left and calls `take` with every batch; false:
  // there is no other. The last one is cut behind its last whole frame and goes on growing.
  // DATA_LOSS / CORRUPT_RECORD: damage before that.
  absl::StatusOr<bool> ResumeNext(absl::FunctionRef<absl::Status(const BatchRecord&)> take);

  absl::Status Add(const storage::v1::BatchHeader& header, std::span<const CommitPtr> commits);
  // After the last batch: everything is durable, `parts` complete.
  absl::Status Finish();

  const std::vector<storage::v1::BackupPart>& parts() const { return parts_; }
  uint64_t bytes_written() const { return closed_bytes_ + (file_ ? file_->size() : 0); }

 private:
  absl::Status ResumePart(uint32_t number, bool last,
                          absl::FunctionRef<absl::Status(const BatchRecord&)> take);
  absl::Status OpenPart(uint32_t partition);
  absl::Status FlushFrame();
  absl::Status ClosePart();

  const std::string archive_;
  storage::v1::BackupPartHead head_;  // Of the open part.
  const size_t part_bytes_target_;
  std::vector<storage::v1::BackupPart> parts_;  // Closed ones.
  uint64_t closed_bytes_ = 0;
  std::unique_ptr<AppendFile> file_;  // Null: no part is open.
  uint64_t last_number_ = 0;          // In the open part.
  std::string frame_;                 // Batches that are not in a frame yet.
};

// The head of the part, if `content` is one of this format; its errors name `path`.
absl::StatusOr<storage::v1::BackupPartHead> ParsePartHead(const std::string& path,
                                                          std::string_view bytes,
                                                          size_t& frame_bytes);

// Calls `take` with every batch of a part's bytes behind its head. `good` is where the last whole
// frame ended, also after an error. OUT_OF_RANGE: the last frame is cut off.
absl::Status ReadPartFrames(std::string_view bytes, PartitionId partition, size_t& good,
                            absl::FunctionRef<absl::Status(const BatchRecord&)> take);

}  // namespace dealog::eventstore
