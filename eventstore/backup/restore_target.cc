#include "eventstore/backup/restore_target.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/data_folder.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/limits.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

absl::Status NotEmpty(const std::string& folder, const std::string& why) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "TARGET_NOT_EMPTY",
                     absl::StrCat("expected a new or empty folder to restore into, found that ",
                                  folder, " ", why));
}

std::string UnfinishedPath(const std::string& folder) { return folder + "/log.restoring"; }

}  // namespace

absl::StatusOr<RestoreTarget> RestoreTarget::Open(const std::string& data_folder,
                                                  const storage::v1::RestorePlan& plan,
                                                  uint32_t partition_count) {
  RestoreTarget target(data_folder);
  RETURN_IF_ERROR(MakeFolder(data_folder));
  RETURN_IF_ERROR(target.Mark(plan));
  ASSIGN_OR_RETURN(target.lock_, LockDataFolder(data_folder));
  // A kill between the renaming and the removal of the mark.
  if (FileExists(LogPath(data_folder))) {
    RETURN_IF_ERROR(Rename(LogPath(data_folder), UnfinishedPath(data_folder)));
  }
  ASSIGN_OR_RETURN(target.loader_, LogLoader::Open(UnfinishedPath(data_folder), partition_count));
  return target;
}

absl::Status RestoreTarget::Mark(const storage::v1::RestorePlan& plan) {
  const absl::StatusOr<std::string> mark = ReadWholeFile(RestoreMark(folder_), kFrameBytesMax);
  if (mark.ok()) {
    const absl::StatusOr<Frame> frame = ParseFrame(*mark);
    if (frame.ok() && frame->kind == FrameKind::kPlan &&
        frame->content == plan.SerializeAsString()) {
      return absl::OkStatus();
    }
    return NotEmpty(folder_,
                    "has another restore that has begun; run that one again, or delete "
                    "the folder");
  }
  if (!absl::IsNotFound(mark.status())) return mark.status();
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(folder_));
  for (const std::string& name : names) {
    if (name != "restore.new") return NotEmpty(folder_, absl::StrCat("holds ", name));
  }
  return WriteFileDurably(RestoreMark(folder_),
                          MakeFrame(FrameKind::kPlan, plan.SerializeAsString()));
}

absl::Status RestoreTarget::Add(const storage::v1::BatchHeader& header,
                                std::span<const CommitPtr> commits) {
  const PartitionHead head = loader_->Head(PartitionId{header.partition()});
  if (header.number() < head.number.value) return absl::OkStatus();
  const bool there = header.number() == head.number.value;
  if ((there ? header.digest() : header.previous_digest()) != head.digest) {
    return NotEmpty(folder_, absl::StrCat("has another batch ", head.number.value,
                                          " than the backup; delete the folder and begin again"));
  }
  return there ? absl::OkStatus() : loader_->Add(header, commits);
}

void RestoreTarget::Abandon() {
  loader_.reset();
  std::error_code error;
  std::filesystem::remove_all(UnfinishedPath(folder_), error);
  unlink((folder_ + "/LOCK").c_str());
  unlink(RestoreMark(folder_).c_str());
}

absl::Status RestoreTarget::Finish() {
  RETURN_IF_ERROR(loader_->Finish(WitnessPath(folder_)));
  loader_.reset();
  RETURN_IF_ERROR(Rename(UnfinishedPath(folder_), LogPath(folder_)));
  unlink(RestoreMark(folder_).c_str());
  return SyncFolder(folder_);
}

}  // namespace dealog::eventstore
