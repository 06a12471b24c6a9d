// BackupService: backups of the log, a piece at a time on the streams' threads.

#include "services/rpc/backup.h"

#include <grpcpp/impl/service_type.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "dealog/v1/backup.pb.h"
#include "eventstore/backup/archive.h"
#include "eventstore/backup/limits.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/rpc/instants.h"
#include "services/rpc/limits.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

using eventstore::BackupProgress;
using eventstore::BackupRun;

constexpr double kMicrosPerSecond = 1e6;

// The archive's folder: a name, never a path, so that nothing outside of --backup-dir is touched.
absl::StatusOr<std::string> ArchivePath(const Core& core, const std::string& name) {
  if (core.backup_dir.empty()) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "BACKUP_UNUSABLE",
                       "expected a server with a folder for backups, found none; start it with "
                       "--backup-dir");
  }
  const auto plain = [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_';
  };
  const bool named = !name.empty() && name.size() <= eventstore::kArchiveNameBytesMax &&
                     std::all_of(name.begin(), name.end(), plain) && name[0] != '-' &&
                     name[0] != '_';
  if (named) return absl::StrCat(core.backup_dir, "/", name);
  return base::InvalidField("archive",
                            absl::StrCat("expected 1 to ", eventstore::kArchiveNameBytesMax,
                                         " of [a-z0-9_-] that begin with a letter or digit, found "
                                         "\"",
                                         name, "\""));
}

v1::Backup ToBackup(const std::string& archive, const storage::v1::BackupManifest& manifest) {
  v1::Backup backup;
  backup.set_archive(archive);
  backup.set_number(static_cast<int64_t>(manifest.number()));
  backup.set_base_number(static_cast<int64_t>(manifest.base_number()));
  *backup.mutable_start_time() = ToTimestamp(manifest.started_at_us());
  *backup.mutable_end_time() = ToTimestamp(manifest.ended_at_us());
  uint64_t batches = 0;
  for (const auto& partition : manifest.partitions()) {
    batches += partition.number() - partition.after_number();
  }
  uint64_t bytes = 0;
  for (const auto& part : manifest.parts()) bytes += part.bytes();
  int64_t checkpoints = 0;
  for (const auto& tenant : manifest.tenants()) checkpoints += tenant.checkpoint().empty() ? 0 : 1;
  backup.set_batch_count(static_cast<int64_t>(batches));
  backup.set_byte_count(static_cast<int64_t>(bytes));
  backup.set_tenant_count(manifest.tenants_size());
  backup.set_checkpoint_count(checkpoints);
  if (manifest.partitions_size() > 0) {
    backup.set_batch_number(static_cast<int64_t>(manifest.partitions(0).number()));
  }
  return backup;
}

// One message per step of the run. A stream that ends early leaves an unfinished backup.
class BackupSource final : public StreamSource {
 public:
  BackupSource(const Core& core, std::string archive, eventstore::BackupOptions options)
      : core_(core), archive_(std::move(archive)), options_(std::move(options)) {}

  void SetWake(std::function<void()>) override {}  // Never waits.

  absl::StatusOr<Item> Next() override {
    if (run_ == nullptr) {
      ASSIGN_OR_RETURN(run_, BackupRun::Open(core_.log, options_));
      started_us_ = base::MonotonicMicros();
    } else if (run_->progress().done) {
      return Item::End();
    } else {
      RETURN_IF_ERROR(run_->Step());
    }
    return Item::Message(Describe().SerializeAsString());
  }

 private:
  v1::CreateBackupResponse Describe() const {
    const BackupProgress& progress = run_->progress();
    v1::CreateBackupResponse message;
    message.set_batches_done(static_cast<int64_t>(progress.batches_done));
    message.set_batches_total(static_cast<int64_t>(progress.batches_total));
    message.set_bytes_written(static_cast<int64_t>(progress.bytes_written));
    const double seconds =
        static_cast<double>(base::MonotonicMicros() - started_us_) / kMicrosPerSecond;
    const double done = static_cast<double>(progress.batches_done);
    if (seconds > 0 && done > 0) {
      message.set_batches_per_second(done / seconds);
      message.set_eta_seconds(static_cast<double>(progress.batches_total - progress.batches_done) *
                              seconds / done);
    }
    if (progress.done) *message.mutable_backup() = ToBackup(archive_, run_->manifest());
    return message;
  }

  const Core& core_;
  const std::string archive_;
  const eventstore::BackupOptions options_;
  std::unique_ptr<BackupRun> run_;
  int64_t started_us_ = 0;
};

absl::StatusOr<std::unique_ptr<StreamSource>> OpenCreateBackup(
    const Core& core, const Call&, const v1::CreateBackupRequest& request) {
  eventstore::BackupOptions options;
  ASSIGN_OR_RETURN(options.archive, ArchivePath(core, request.archive()));
  options.full = request.full();
  options.clock = &core.clock;
  options.unique_key_check = core.unique_key_check;
  options.checkpoint = SignedCheckpoints(core);
  return std::make_unique<BackupSource>(core, request.archive(), std::move(options));
}

absl::StatusOr<v1::ListBackupsResponse> ListBackups(const ReadCall& call,
                                                    const v1::ListBackupsRequest& request) {
  std::vector<std::string> archives = {request.archive()};
  if (request.archive().empty() && !call.core.backup_dir.empty()) {
    ASSIGN_OR_RETURN(archives, eventstore::ListArchives(call.core.backup_dir));
  }
  v1::ListBackupsResponse response;
  for (const std::string& archive : archives) {
    const auto path = ArchivePath(call.core, archive);
    if (!path.ok() && request.archive().empty() && !call.core.backup_dir.empty()) continue;
    RETURN_IF_ERROR(path.status());
    ASSIGN_OR_RETURN(const eventstore::ArchiveListing listing, eventstore::ListArchive(*path));
    if (!request.archive().empty() && listing.backups.empty() && !listing.unfinished) {
      return base::Error(absl::StatusCode::kNotFound, "BACKUP_UNUSABLE",
                         absl::StrCat("expected an archive of the name ", archive, ", found none; ",
                                      "`dealog backup list` without a name lists all"));
    }
    for (const eventstore::ArchivedBackup& backup : listing.backups) {
      *response.add_backups() = ToBackup(archive, backup.manifest);
    }
  }
  return response;
}

}  // namespace

CheckpointFunction SignedCheckpoints(const Core& core) {
  return [&core, patient = true](
             const eventstore::TenantId& tenant,
             eventstore::Position position) mutable -> eventstore::SignedCheckpoint {
    if (patient) core.audit_follower.WaitFor(tenant, position, kAuditWait);
    auto note = core.audit_trees.Sign(tenant, position.value);
    // Trees that are being made again are so for every tenant: one wait tells.
    patient = patient && base::ReasonOf(note.status()) != "VIEW_BEHIND";
    // A backup without the newest checkpoint is better than none: its batches are chained.
    if (!note.ok()) return {};
    return {*std::move(note), core.audit_trees.Key(tenant).ToString()};
  };
}

std::unique_ptr<grpc::Service> MakeBackupService(const Core& core) {
  ServiceBuilder service(core, *v1::Backup::descriptor()->file(), "BackupService");
  AddStream(service, OpenCreateBackup);
  AddRead(service, ListBackups, Weight::kMedium);
  return service.Build();
}

}  // namespace dealog::rpc
