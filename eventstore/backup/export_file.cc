// ReadExport: a file of an export, frame by frame.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/records.h"
#include "eventstore/backup/tenant_export.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

absl::Status Damaged(const std::string& what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", what);
}
absl::Status Unusable(const std::string& what) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "BACKUP_UNUSABLE", what);
}

class Reader {
 public:
  Reader(const std::string& path, int descriptor,
         const std::function<absl::Status(const CommitPtr&)>& take)
      : path_(path), descriptor_(descriptor), take_(take) {}
  ~Reader() { close(descriptor_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  absl::StatusOr<ExportFile> Read(const std::function<void(const ExportFile&)>& progress) {
    struct stat info {};
    if (fstat(descriptor_, &info) == 0) found_.file_bytes = static_cast<uint64_t>(info.st_size);
    for (;;) {
      const absl::StatusOr<Frame> frame = NextFrame();
      if (absl::IsOutOfRange(frame.status())) break;  // Its end, or the middle of a frame.
      if (!frame.ok()) return At(frame.status());
      RETURN_IF_ERROR(At(Take(*frame)));
      found_.good_bytes += frame->stored_bytes;
      if (progress) progress(found_);
    }
    if (found_.good_bytes == 0) {
      return Unusable(absl::StrCat(path_, ": expected an export, found none"));
    }
    return std::move(found_);
  }

 private:
  // What goes wrong with this file; errors of `take` pass through.
  absl::Status At(const absl::Status& status) const {
    if (status.ok() || take_failed_) return status;
    return base::Error(
        status.code(), base::ReasonOf(status).empty() ? "CORRUPT_RECORD" : base::ReasonOf(status),
        absl::StrCat(path_, ", at byte ", found_.good_bytes, ": ", status.message()));
  }

  absl::StatusOr<Frame> NextFrame() {
    RETURN_IF_ERROR(ReadUpTo(kFrameHeaderBytes));
    if (buffer_.size() < kFrameHeaderBytes) return absl::OutOfRangeError("the end");
    ASSIGN_OR_RETURN(const size_t size, FrameBytes(buffer_));
    RETURN_IF_ERROR(ReadUpTo(size));
    ASSIGN_OR_RETURN(Frame frame, ParseFrame(buffer_));
    buffer_.clear();
    return frame;
  }

  // Fills the buffer to that size, or to the end of the file.
  absl::Status ReadUpTo(size_t size) {
    size_t filled = buffer_.size();
    buffer_.resize(size);
    while (filled < size) {
      const ssize_t taken = read(descriptor_, buffer_.data() + filled, size - filled);
      if (taken < 0 && errno == EINTR) continue;
      if (taken < 0) {
        return absl::InternalError(
            absl::StrCat("can't read: ", std::generic_category().message(errno)));
      }
      if (taken == 0) break;
      filled += static_cast<size_t>(taken);
    }
    buffer_.resize(filled);
    return absl::OkStatus();
  }

  absl::Status Take(const Frame& frame) {
    if (found_.end) return Damaged("expected nothing behind the end, found another frame");
    if (found_.good_bytes == 0) return TakeHead(frame);
    if (frame.kind == FrameKind::kCommits) {
      return ParseCommitRecords(frame.content,
                                [this](const CommitPtr& commit) { return TakeCommit(commit); });
    }
    storage::v1::ExportEnd end;
    if (frame.kind != FrameKind::kExportEnd || !end.ParseFromString(frame.content)) {
      return Damaged("expected commits or the end, found another frame");
    }
    if (end.position() != found_.position.value) {
      return Damaged(absl::StrCat("expected commits up to position ", end.position(), ", found ",
                                  found_.position.value));
    }
    found_.end = std::move(end);
    return absl::OkStatus();
  }

  absl::Status TakeHead(const Frame& frame) {
    if (frame.kind != FrameKind::kExportHead || !found_.head.ParseFromString(frame.content)) {
      return Unusable("expected the head of an export, found another frame");
    }
    if (found_.head.format() == kExportFormat) return absl::OkStatus();
    return Unusable(absl::StrCat("expected format ", kExportFormat, ", found ",
                                 found_.head.format(), "; use the version that wrote it"));
  }

  absl::Status TakeCommit(const CommitPtr& commit) {
    if (commit->tenant() != found_.head.tenant() || commit->event_count() == 0 ||
        commit->first_position().value != found_.position.value + 1) {
      return Damaged(absl::StrCat("expected the commit behind position ", found_.position.value,
                                  " of tenant ", found_.head.tenant(), ", found position ",
                                  commit->first_position().value, " of ",
                                  std::string(commit->tenant())));
    }
    found_.position = commit->last_position();
    found_.last_commit_sha256 = std::string(base::AsView(base::Sha256(commit->bytes())));
    ++found_.commits;
    found_.events += commit->event_count();
    const absl::Status taken = take_ ? take_(commit) : absl::OkStatus();
    take_failed_ = !taken.ok();
    return taken;
  }

  const std::string& path_;
  const int descriptor_;
  const std::function<absl::Status(const CommitPtr&)>& take_;
  bool take_failed_ = false;
  std::string buffer_;
  ExportFile found_;
};

}  // namespace

absl::StatusOr<ExportFile> ReadExport(const std::string& path,
                                      const std::function<absl::Status(const CommitPtr&)>& take,
                                      const std::function<void(const ExportFile&)>& progress) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return absl::NotFoundError(path + ": no such file");
  if (descriptor < 0) {
    return base::Error(
        absl::StatusCode::kInternal, "INTERNAL",
        absl::StrCat("can't open ", path, ": ", std::generic_category().message(errno)));
  }
  return Reader(path, descriptor, take).Read(progress);
}

}  // namespace dealog::eventstore
