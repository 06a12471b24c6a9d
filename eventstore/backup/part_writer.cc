#include "eventstore/backup/part_writer.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/archive.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/limits.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

absl::Status Damaged(const std::string& path, const std::string& what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", absl::StrCat(path, ": ", what));
}

}  // namespace

absl::StatusOr<storage::v1::BackupPartHead> ParsePartHead(const std::string& path,
                                                          std::string_view bytes,
                                                          size_t& frame_bytes) {
  ASSIGN_OR_RETURN(const Frame frame, ParseFrame(bytes));
  storage::v1::BackupPartHead head;
  if (frame.kind != FrameKind::kPartHead || !head.ParseFromString(frame.content)) {
    return Damaged(path, "expected the head of a part in its first frame, found another frame");
  }
  if (head.format() != kArchiveFormat) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "BACKUP_UNUSABLE",
                       absl::StrCat(path, ": expected format ", kArchiveFormat, ", found ",
                                    head.format(), "; use the version that wrote it"));
  }
  frame_bytes = frame.stored_bytes;
  return head;
}

absl::Status ReadPartFrames(std::string_view bytes, PartitionId partition, size_t& good,
                            absl::FunctionRef<absl::Status(const BatchRecord&)> take) {
  while (good < bytes.size()) {
    ASSIGN_OR_RETURN(const Frame frame, ParseFrame(bytes.substr(good)));
    if (frame.kind != FrameKind::kBatches) {
      return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                         "expected a frame of batches, found another one");
    }
    RETURN_IF_ERROR(ParseBatchRecords(frame.content, partition, take));
    good += frame.stored_bytes;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> PartWriter::ResumeNext(
    absl::FunctionRef<absl::Status(const BatchRecord&)> take) {
  const uint32_t number = static_cast<uint32_t>(parts_.size()) + (file_ ? 2 : 1);
  const auto exists = [this](uint32_t part) {
    return FileExists(PartPath(archive_, head_.backup_number(), part));
  };
  if (!exists(number)) return false;
  if (file_) RETURN_IF_ERROR(ClosePart());
  RETURN_IF_ERROR(ResumePart(number, /*last=*/!exists(number + 1), take));
  return true;
}

absl::Status PartWriter::ResumePart(uint32_t number, bool last,
                                    absl::FunctionRef<absl::Status(const BatchRecord&)> take) {
  const std::string path = PartPath(archive_, head_.backup_number(), number);
  ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path, kPartBytesMax));
  size_t good = 0;
  const auto head = ParsePartHead(path, bytes, good);
  if (last && !ParseFrame(bytes).ok()) {  // Killed while the head was written.
    unlink(path.c_str());
    return absl::OkStatus();
  }
  if (!head.ok()) return head.status();
  if (head->archive_id() != head_.archive_id() || head->part_number() != number ||
      head->backup_number() != head_.backup_number()) {
    return Damaged(path, "it belongs to another archive or backup");
  }
  head_ = *head;
  const absl::Status status =
      ReadPartFrames(bytes, PartitionId{head->partition()}, good, [&](const BatchRecord& batch) {
        last_number_ = batch.header.number();
        return take(batch);
      });
  // Only the last one was not synced: behind a kill or a power failure its end may be anything, and
  // is copied from the log again.
  const bool torn = last && !ParseFrame(std::string_view(bytes).substr(good)).ok();
  if (!status.ok() && !torn) {
    return Damaged(path, absl::StrCat("the unfinished backup is damaged at byte ", good, ": ",
                                      status.message(), "; delete its folder and begin again"));
  }
  ASSIGN_OR_RETURN(file_, AppendFile::Open(path, good));
  return absl::OkStatus();
}

absl::Status PartWriter::OpenPart(uint32_t partition) {
  head_.set_part_number(static_cast<uint32_t>(parts_.size()) + 1);
  head_.set_partition(partition);
  ASSIGN_OR_RETURN(
      file_, AppendFile::Open(PartPath(archive_, head_.backup_number(), head_.part_number()), 0));
  return file_->Append(MakeFrame(FrameKind::kPartHead, head_.SerializeAsString()));
}

absl::Status PartWriter::Add(const storage::v1::BatchHeader& header,
                             std::span<const CommitPtr> commits) {
  if (file_ && (head_.partition() != header.partition() || file_->size() >= part_bytes_target_)) {
    RETURN_IF_ERROR(ClosePart());
  }
  if (!file_) RETURN_IF_ERROR(OpenPart(header.partition()));
  std::string record;
  AppendBatchRecord(header, commits, record);
  if (record.size() > kFrameBytesMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("expected batches of at most ", kFrameBytesMax,
                                    " bytes (kFrameBytesMax), found ", record.size()));
  }
  if (!frame_.empty() && frame_.size() + record.size() > kFrameBytesTarget) {
    RETURN_IF_ERROR(FlushFrame());
  }
  frame_ += record;
  last_number_ = header.number();
  return absl::OkStatus();
}

absl::Status PartWriter::FlushFrame() {
  if (frame_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(file_->Append(MakeFrame(FrameKind::kBatches, frame_)));
  frame_.clear();
  return absl::OkStatus();
}

// The digest is that of the bytes as they are read back.
absl::Status PartWriter::ClosePart() {
  RETURN_IF_ERROR(FlushFrame());
  RETURN_IF_ERROR(file_->Sync());
  ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(file_->path(), kPartBytesMax));
  storage::v1::BackupPart& part = parts_.emplace_back();
  part.set_partition(head_.partition());
  part.set_bytes(bytes.size());
  part.set_sha256(std::string(base::AsView(base::Sha256(bytes))));
  part.set_last_number(last_number_);
  closed_bytes_ += bytes.size();
  file_.reset();
  return absl::OkStatus();
}

absl::Status PartWriter::Finish() {
  if (file_) RETURN_IF_ERROR(ClosePart());
  return SyncFolder(BackupFolder(archive_, head_.backup_number()));
}

}  // namespace dealog::eventstore
