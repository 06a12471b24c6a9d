#include "eventstore/backup/tenant_export.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/limits.h"
#include "eventstore/backup/records.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/log_errors.h"

namespace dealog::eventstore {

absl::StatusOr<std::unique_ptr<TenantExport>> TenantExport::Open(EventLog& log,
                                                                 ExportOptions options) {
  ASSIGN_OR_RETURN(const TenantHead head, log.Head(options.tenant));
  RETURN_IF_ERROR(CheckNotBeyond(options.after.value, head.position.value, "position"));
  std::unique_ptr<TenantExport> result(new TenantExport(std::move(options), head.position));
  RETURN_IF_ERROR(result->CheckAfter(log));
  ASSIGN_OR_RETURN(result->subscription_,
                   log.Subscribe(result->options_.tenant, result->options_.after));
  return result;
}

absl::Status TenantExport::CheckAfter(const EventLog& log) const {
  if (options_.after.value == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      const ReadPage page,
      log.ReadTenant(options_.tenant,
                     {.after = Position{options_.after.value - 1}, .filter = {}, .limit = 1}));
  if (page.events.empty()) return absl::InternalError("a position below the head has no event");
  const StoredCommit& commit = *page.events[0].commit;
  if (commit.last_position() != options_.after) {
    return base::InvalidField(
        "after_position",
        absl::StrCat("expected the last position of a commit, found ", options_.after.value,
                     " inside of one that ends at ", commit.last_position().value));
  }
  if (options_.after_commit_sha256.empty() ||
      options_.after_commit_sha256 == base::AsView(base::Sha256(commit.bytes()))) {
    return absl::OkStatus();
  }
  return base::Error(
      absl::StatusCode::kFailedPrecondition, "POSITION_FORKED",
      absl::StrCat("expected the commit that ends at position ", options_.after.value,
                   ", found another: the log was restored to "
                   "before it; begin the export anew"));
}

absl::StatusOr<std::string> TenantExport::Next() {
  if (phase_ == Phase::kHead) {
    phase_ = Phase::kCommits;
    storage::v1::ExportHead head;
    head.set_format(kExportFormat);
    head.set_tenant(options_.tenant.value);
    head.set_unique_key_check(options_.unique_key_check);
    return MakeFrame(FrameKind::kExportHead, head.SerializeAsString());
  }
  if (phase_ == Phase::kCommits && position_ < end_) return NextCommits();
  if (phase_ == Phase::kDone) return std::string();
  phase_ = Phase::kDone;
  return End();
}

absl::StatusOr<std::string> TenantExport::NextCommits() {
  ASSIGN_OR_RETURN(const auto page, subscription_->Poll(kFrameBytesTarget));
  std::string content;
  for (const CommitPtr& commit : page.items) {
    if (commit->last_position() > end_) break;
    AppendCommitRecord(commit->bytes(), content);
    position_ = commit->last_position();
  }
  if (content.empty()) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat("expected commits up to position ", end_.value,
                                    ", found none behind ", position_.value));
  }
  return MakeFrame(FrameKind::kCommits, content);
}

std::string TenantExport::End() const {
  storage::v1::ExportEnd end;
  end.set_position(end_.value);
  if (options_.checkpoint && end_.value > 0) {
    SignedCheckpoint checkpoint = options_.checkpoint(options_.tenant, end_);
    end.set_checkpoint(std::move(checkpoint.note));
    end.set_verifier_key(std::move(checkpoint.verifier_key));
  }
  return MakeFrame(FrameKind::kExportEnd, end.SerializeAsString());
}

}  // namespace dealog::eventstore
