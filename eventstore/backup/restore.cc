#include "eventstore/backup/restore.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/archive.h"
#include "eventstore/backup/chain_check.h"
#include "eventstore/backup/checkpoint_check.h"
#include "eventstore/backup/keys.h"
#include "eventstore/backup/restore_cut.h"
#include "eventstore/backup/restore_target.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/forks.h"

namespace dealog::eventstore {
namespace {

class Restore {
 public:
  Restore(const RestoreOptions& options, RestoreCut cut, CheckpointCheck check,
          RestoreTarget target, size_t partitions)
      : options_(options),
        cut_(std::move(cut)),
        check_(std::move(check)),
        target_(std::move(target)),
        made_(EmptyHeads(partitions)),
        tenants_(partitions) {}

  absl::StatusOr<AfterBatch> Take(const BatchRecord& batch) {
    if (cut_.EndsBefore(batch.header)) return AfterBatch::kSkipPartition;
    RETURN_IF_ERROR(check_.Add(batch));
    if (options_.tenant.value.empty()) {
      RETURN_IF_ERROR(Write(batch.header, batch.commits));
      return cut_.EndsWith(batch.header) ? AfterBatch::kSkipPartition : AfterBatch::kGoOn;
    }
    return TakeTenant(batch);
  }

  absl::StatusOr<RestoreReport> Finish(std::string_view unique_key_check) {
    if (cut_.whole() && !past_position_) RETURN_IF_ERROR(check_.Finish());
    if (options_.to_time_us && report_.batches == 0) {
      return base::InvalidField("to_time", "nothing had been written by then; give a later time");
    }
    report_.checkpoints = check_.matched();
    const base::Clock& clock = options_.clock != nullptr ? *options_.clock : base::SystemClock();
    for (uint32_t i = 0; i < made_.size(); ++i) {
      RETURN_IF_ERROR(Claim(PartitionId{i}, clock.NowMicros()));
    }
    if (!options_.keys_folder.empty()) {
      RETURN_IF_ERROR(CopyKeys(options_.keys_folder, options_.data_folder, unique_key_check));
    }
    RETURN_IF_ERROR(target_.Finish());
    return report_;
  }

  // What was asked for can't be had: another try shall find the folder as it was.
  void Abandon() { target_.Abandon(); }

 private:
  absl::Status Write(const storage::v1::BatchHeader& header, std::span<const CommitPtr> commits) {
    RETURN_IF_ERROR(target_.Add(header, commits));
    made_[header.partition()] = HeadAfter(header);
    ++report_.batches;
    report_.commits += commits.size();
    for (const CommitPtr& commit : commits) {
      report_.events += commit->event_count();
      tenants_[header.partition()][std::string(commit->tenant())] = commit->last_position().value;
    }
    return absl::OkStatus();
  }

  // The batch with this tenant's commits alone, and the digests that follow from that: the same
  // again when a restore goes on.
  absl::StatusOr<AfterBatch> TakeTenant(const BatchRecord& batch) {
    const uint64_t last = options_.to_position.value;
    std::vector<CommitPtr> commits;
    AfterBatch after = AfterBatch::kGoOn;
    for (const CommitPtr& commit : batch.commits) {
      if (commit->tenant() != options_.tenant.value) continue;
      if (last != 0 && commit->first_position().value > last) {
        after = AfterBatch::kSkipPartition;
        past_position_ = true;
        break;
      }
      if (last != 0 && commit->last_position().value > last) return InsideCommit(*commit);
      commits.push_back(commit);
    }
    const PartitionId partition{batch.header.partition()};
    PartitionHead before = made_[partition.value];
    before.owner_epoch = batch.header.owner_epoch();
    if (!commits.empty()) {
      RETURN_IF_ERROR(Write(
          MakeBatchHeader(partition, before, batch.header.written_at_us(), commits), commits));
    } else if (batch.header.fork_heads_size() > 0) {
      RETURN_IF_ERROR(Write(MakeClaim(partition, before, batch.header.owner_epoch(),
                                      batch.header.written_at_us(), tenants_[partition.value]),
                            {}));
    }
    return after;
  }

  absl::Status InsideCommit(const StoredCommit& commit) const {
    return base::InvalidField(
        "to_position",
        absl::StrCat("expected the last position of a commit, found ", options_.to_position.value,
                     " inside of one that has the positions ", commit.first_position().value,
                     " to ", commit.last_position().value, ": give ",
                     commit.first_position().value - 1, " or ", commit.last_position().value));
  }

  // The new owner epoch is the time, so that no two restores of one backup share it.
  absl::Status Claim(PartitionId partition, int64_t now_us) {
    const PartitionHead found = target_.Head(partition);
    PartitionHead& made = made_[partition.value];
    if (found.number.value == made.number.value + 1) {  // By a run before this one.
      report_.heads.push_back(found);
      return absl::OkStatus();
    }
    const uint64_t epoch = std::max(made.owner_epoch + 1, static_cast<uint64_t>(now_us));
    const storage::v1::BatchHeader claim =
        MakeClaim(partition, made, epoch, now_us, tenants_[partition.value]);
    RETURN_IF_ERROR(target_.Add(claim, {}));
    report_.heads.push_back(HeadAfter(claim));
    return absl::OkStatus();
  }

  const RestoreOptions& options_;
  const RestoreCut cut_;
  CheckpointCheck check_;
  RestoreTarget target_;
  std::vector<PartitionHead> made_;                       // As written, without the claims.
  std::vector<std::map<std::string, uint64_t>> tenants_;  // Last positions, by partition.
  bool past_position_ = false;
  RestoreReport report_;
};

absl::StatusOr<std::optional<uint64_t>> NewerUnfinished(const std::string& archive,
                                                        uint64_t asked_for) {
  if (asked_for != 0) return std::nullopt;
  ASSIGN_OR_RETURN(const ArchiveListing listing, ListArchive(archive));
  return listing.unfinished;
}

}  // namespace

absl::StatusOr<RestoreReport> RestoreBackup(const RestoreOptions& options,
                                            const BackupReadFunction& progress) {
  ASSIGN_OR_RETURN(const std::vector<ArchivedBackup> chain,
                   ReadChain(options.archive, options.backup_number));
  const storage::v1::BackupManifest& manifest = chain.back().manifest;
  ASSIGN_OR_RETURN(RestoreCut cut, RestoreCut::Make(options, manifest));
  ASSIGN_OR_RETURN(CheckpointCheck check, CheckpointCheck::Make(chain, options.trusted_key));
  if (!options.keys_folder.empty()) {
    RETURN_IF_ERROR(CheckKeys(options.keys_folder, manifest.unique_key_check()));
  }
  ASSIGN_OR_RETURN(RestoreTarget target,
                   RestoreTarget::Open(options.data_folder, cut.plan(),
                                       static_cast<uint32_t>(manifest.partitions_size())));
  Restore restore(options, std::move(cut), std::move(check), std::move(target),
                  static_cast<size_t>(manifest.partitions_size()));
  const absl::StatusOr<BackupReadProgress> read = ReadBackup(
      options.archive, chain, [&](const BatchRecord& batch) { return restore.Take(batch); },
      progress);
  absl::StatusOr<RestoreReport> report = read.ok() ? restore.Finish(manifest.unique_key_check())
                                                   : absl::StatusOr<RestoreReport>(read.status());
  if (absl::IsInvalidArgument(report.status())) restore.Abandon();
  if (!report.ok()) return report;
  report->read = *read;
  report->backup_number = manifest.number();
  ASSIGN_OR_RETURN(report->unfinished, NewerUnfinished(options.archive, options.backup_number));
  return report;
}

absl::StatusOr<VerifyReport> VerifyBackup(const std::string& archive, uint64_t backup_number,
                                          const std::optional<VerifierKey>& trusted_key,
                                          const BackupReadFunction& progress) {
  ASSIGN_OR_RETURN(const std::vector<ArchivedBackup> chain, ReadChain(archive, backup_number));
  ASSIGN_OR_RETURN(CheckpointCheck check, CheckpointCheck::Make(chain, trusted_key));
  VerifyReport report;
  for (const ArchivedBackup& backup : chain) report.chain.push_back(backup.manifest.number());
  ASSIGN_OR_RETURN(report.read, ReadBackup(
                                    archive, chain,
                                    [&](const BatchRecord& batch) -> absl::StatusOr<AfterBatch> {
                                      RETURN_IF_ERROR(check.Add(batch));
                                      return AfterBatch::kGoOn;
                                    },
                                    progress));
  RETURN_IF_ERROR(check.Finish());
  report.checkpoints = check.matched();
  report.events_unsigned = check.events_unsigned();
  ASSIGN_OR_RETURN(report.unfinished, NewerUnfinished(archive, backup_number));
  return report;
}

}  // namespace dealog::eventstore
