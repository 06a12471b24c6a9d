#pragma once

// One tenant's commits as frames, from a log in use; and reading them from a file again.
//
//   export = ExportHead frame, frames of commits, ExportEnd frame
//
// Commits without events (they only remember a request) are not exported: they have no position.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "dealog/storage/v1/backup.pb.h"
#include "eventstore/backup/backup_run.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

inline constexpr uint32_t kExportFormat = 1;

struct ExportOptions {
  TenantId tenant;
  // Exclusive: what the caller has already, with the SHA-256 of the commit that ends there (empty:
  // not compared).
  Position after;
  std::string after_commit_sha256;
  std::string unique_key_check;
  // As BackupOptions::checkpoint.
  std::function<SignedCheckpoint(const TenantId& tenant, Position position)> checkpoint;
};

// Thread safety: none. Ownership: the log outlives it.
class TenantExport {
 public:
  // Ends at the head as it is now. INVALID_ARGUMENT / FIELD_INVALID: no commit ends at `after`.
  // FAILED_PRECONDITION / POSITION_FORKED: `after` is beyond the head, or another commit ends
  // there.
  static absl::StatusOr<std::unique_ptr<TenantExport>> Open(EventLog& log, ExportOptions options);

  // The next frame; empty after the last.
  absl::StatusOr<std::string> Next();
  // The last position handed out, and the one at which it will end.
  Position position() const { return position_; }
  Position end() const { return end_; }

 private:
  enum class Phase { kHead, kCommits, kEnd, kDone };
  TenantExport(ExportOptions options, Position end)
      : options_(std::move(options)), position_(options_.after), end_(end) {}
  absl::Status CheckAfter(const EventLog& log) const;
  absl::StatusOr<std::string> NextCommits();
  std::string End() const;

  const ExportOptions options_;
  std::unique_ptr<CommitSubscription> subscription_;
  Phase phase_ = Phase::kHead;
  Position position_;
  const Position end_;
};

// What was found in a file of an export.
struct ExportFile {
  storage::v1::ExportHead head;
  std::optional<storage::v1::ExportEnd> end;  // Not set: it is unfinished.
  Position position;
  std::string last_commit_sha256;  // Empty before the first.
  uint64_t commits = 0;
  uint64_t events = 0;
  uint64_t good_bytes = 0;  // Behind them it is cut off.
  uint64_t file_bytes = 0;
};

// Reads the file and calls `take` (may be empty) with every commit. Checked: frames, commits, one
// tenant, dense positions. NOT_FOUND: no such file. DATA_LOSS / CORRUPT_RECORD names the place.
// FAILED_PRECONDITION / BACKUP_UNUSABLE: it is no export, or of a newer format. A file that ends in
// the middle of a frame is no error here.
absl::StatusOr<ExportFile> ReadExport(
    const std::string& path, const std::function<absl::Status(const CommitPtr&)>& take,
    const std::function<void(const ExportFile& so_far)>& progress);

}  // namespace dealog::eventstore
