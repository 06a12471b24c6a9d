#include "eventstore/backup/backup_run.h"

#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/archive.h"
#include "eventstore/backup/chain_check.h"
#include "eventstore/backup/files.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/part_writer.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"

namespace dealog::eventstore {
namespace {

absl::Status Unusable(const std::string& archive, const std::string& why) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "BACKUP_UNUSABLE",
                     absl::StrCat("the archive ", archive, " can't be continued: ", why));
}

std::string RandomId() {
  std::string id(16, '\0');
  base::RandomBytes(reinterpret_cast<uint8_t*>(id.data()), id.size());
  return id;
}

class BackupRunImpl final : public BackupRun {
 public:
  BackupRunImpl(EventLog& log, BackupOptions options)
      : log_(log),
        options_(std::move(options)),
        clock_(options_.clock != nullptr ? *options_.clock : base::SystemClock()) {}

  absl::Status Open() {
    RETURN_IF_ERROR(MakeFolder(options_.archive));
    RETURN_IF_ERROR(ListArchive(options_.archive).status());  // Before anything is made in it.
    ASSIGN_OR_RETURN(lock_, LockedFile::Take(options_.archive + "/LOCK", Running()));
    ASSIGN_OR_RETURN(const ArchiveListing listing, ListArchive(options_.archive));
    RETURN_IF_ERROR(Begin(listing));
    manifest_.set_started_at_us(clock_.NowMicros());
    for (uint32_t i = 0; i < log_.partition_count(); ++i) {
      ASSIGN_OR_RETURN(const std::string why, WhyNotContinued(PartitionId{i}));
      if (!why.empty()) return Unusable(options_.archive, why);
      targets_.push_back(log_.BatchHead(PartitionId{i}).number.value);
      progress_.batches_total += targets_.back() - after_[i];
    }
    return MakeFolder(BackupFolder(options_.archive, head_.backup_number()));
  }

  absl::Status Step() override {
    RETURN_IF_ERROR(CheckFreeBytes(options_.archive, options_.free_bytes_min));
    if (going_on_) return GoOn();
    while (partition_ < targets_.size() &&
           heads_[partition_].number.value >= targets_[partition_]) {
      ++partition_;
      subscription_.reset();
    }
    if (partition_ < targets_.size()) return CopyBatches();
    if (next_tenant_ != tenants_.end() || !tenants_listed_) return AddTenants();
    return Finish();
  }

  const BackupProgress& progress() const override { return progress_; }
  const storage::v1::BackupManifest& manifest() const override { return manifest_; }

 private:
  absl::Status Running() const {
    return base::Error(absl::StatusCode::kAborted, "BACKUP_RUNNING",
                       absl::StrCat("another backup is being written to ", options_.archive,
                                    "; wait until it has ended"))
        .RetryAfter(kBackupRetry);
  }

  // Chooses the base, and a backup that was not finished to go on with.
  absl::Status Begin(const ArchiveListing& listing) {
    const ArchivedBackup* base = listing.backups.empty() ? nullptr : &listing.backups.back();
    const uint64_t number = base == nullptr ? 1 : base->manifest.number() + 1;
    head_.set_format(kArchiveFormat);
    head_.set_archive_id(base == nullptr ? RandomId() : base->manifest.archive_id());
    head_.set_backup_number(listing.unfinished.value_or(number));
    if (!options_.full && base != nullptr) head_.set_base_number(base->manifest.number());
    ASSIGN_OR_RETURN(going_on_, ResumesUnfinished(listing));
    if (head_.base_number() != 0) base_ = *base;
    manifest_.set_format(kArchiveFormat);
    manifest_.set_archive_id(head_.archive_id());
    manifest_.set_number(head_.backup_number());
    manifest_.set_base_number(head_.base_number());
    manifest_.set_unique_key_check(options_.unique_key_check);
    return TakeBase();
  }

  // Whether the unfinished backup is of the kind that is asked for: then `head_` is as there. It is
  // begun anew if not: nobody relies on it.
  absl::StatusOr<bool> ResumesUnfinished(const ArchiveListing& listing) {
    if (!listing.unfinished) return false;
    const std::string path = PartPath(options_.archive, *listing.unfinished, 1);
    const absl::StatusOr<std::string> bytes = ReadWholeFile(path, kPartBytesMax);
    if (!bytes.ok() && !absl::IsNotFound(bytes.status())) return bytes.status();
    size_t size = 0;
    const auto found = ParsePartHead(path, bytes.ok() ? *bytes : "", size);
    const bool same_base = found.ok() && (head_.base_number() == found->base_number() ||
                                          (!options_.full && found->base_number() == 0));
    const bool same_archive =
        found.ok() && (listing.backups.empty() || found->archive_id() == head_.archive_id());
    if (same_base && same_archive) {
      head_.set_archive_id(found->archive_id());
      head_.set_base_number(found->base_number());
      return true;
    }
    RemoveUnfinished();
    return false;
  }

  void RemoveUnfinished() const {
    std::error_code error;
    std::filesystem::remove_all(BackupFolder(options_.archive, head_.backup_number()), error);
  }

  // To the state behind the base, before any batch.
  absl::Status TakeBase() {
    writer_.emplace(options_.archive, head_, options_.part_bytes_target);
    heads_ = EmptyHeads(log_.partition_count());
    after_.assign(log_.partition_count(), 0);
    tenants_.clear();
    if (!base_) return absl::OkStatus();
    const storage::v1::BackupManifest& from = base_->manifest;
    if (static_cast<uint32_t>(from.partitions_size()) != log_.partition_count()) {
      return Unusable(
          options_.archive,
          absl::StrCat("it is of a log of ", from.partitions_size(), " partitions, this one has ",
                       log_.partition_count(), "; give another archive"));
    }
    manifest_.set_base_sha256(base_->sha256);
    for (const storage::v1::BackupPartition& partition : from.partitions()) {
      after_[partition.partition()] = partition.number();
      heads_[partition.partition()] = {.number = BatchNumber{partition.number()},
                                       .digest = partition.digest(),
                                       .owner_epoch = partition.owner_epoch()};
    }
    for (const storage::v1::BackupTenant& tenant : from.tenants()) tenants_[tenant.name()] = tenant;
    return absl::OkStatus();
  }

  // Reads a part that an earlier run left. One of a history that the log does not have any more
  // (it was restored meanwhile) is begun anew.
  absl::Status GoOn() {
    ASSIGN_OR_RETURN(going_on_, writer_->ResumeNext([this](const BatchRecord& batch) {
      ++progress_.batches_done;
      return Note(batch);
    }));
    for (uint32_t i = 0; i < heads_.size() && !going_on_; ++i) {
      ASSIGN_OR_RETURN(const std::string why, WhyNotContinued(PartitionId{i}));
      if (why.empty()) continue;
      progress_.batches_done = 0;
      RemoveUnfinished();
      RETURN_IF_ERROR(MakeFolder(BackupFolder(options_.archive, head_.backup_number())));
      RETURN_IF_ERROR(TakeBase());
      break;
    }
    progress_.bytes_written = writer_->bytes_written();
    return absl::OkStatus();
  }

  // Why the log does not go on from what is archived; empty if it does.
  absl::StatusOr<std::string> WhyNotContinued(PartitionId partition) const {
    const PartitionHead& archived = heads_[partition.value];
    const PartitionHead head = log_.BatchHead(partition);
    const bool known = archived.number <= head.number;
    std::string digest(kDigestBytes, '\0');
    if (known && archived.number.value > 0) {
      ASSIGN_OR_RETURN(digest, log_.BatchDigest(partition, archived.number));
    }
    if (known && digest == archived.digest) return std::string();
    return absl::StrCat("its batch ", archived.number.value, " of partition ", partition.value,
                        known ? " is another than the log's" : " is beyond the log's head",
                        ": it is of another log, or this one was restored to before it; "
                        "make a full backup (--full), or give another archive");
  }

  absl::Status Note(const BatchRecord& batch) {
    PartitionHead& head = heads_.at(batch.header.partition());
    RETURN_IF_ERROR(FollowBatch(batch.header, head));
    for (const storage::v1::CommitDigest& commit : batch.header.commits()) {
      storage::v1::BackupTenant& tenant = tenants_[commit.tenant()];
      tenant.set_name(commit.tenant());
      tenant.set_position(commit.last_position());
    }
    return absl::OkStatus();
  }

  absl::Status CopyBatches() {
    const PartitionId partition{static_cast<uint32_t>(partition_)};
    if (!subscription_) {
      ASSIGN_OR_RETURN(subscription_,
                       log_.SubscribePartition(partition, heads_[partition_].number));
    }
    ASSIGN_OR_RETURN(const auto page, subscription_->Poll(kBackupStepBytes));
    for (const BatchPtr& batch : page.items) {
      if (batch->number.value > targets_[partition_]) break;
      ASSIGN_OR_RETURN(const auto header, log_.ReadBatchHeader(partition, batch->number));
      RETURN_IF_ERROR(CheckCommits(header, *batch));
      RETURN_IF_ERROR(Note({header, batch->commits}));
      RETURN_IF_ERROR(writer_->Add(header, batch->commits));
      ++progress_.batches_done;
    }
    progress_.bytes_written = writer_->bytes_written();
    return absl::OkStatus();
  }

  // A backup of damage would be noticed when it is needed.
  static absl::Status CheckCommits(const storage::v1::BatchHeader& header,
                                   const StoredBatch& batch) {
    bool same = header.digest() == batch.digest &&
                static_cast<size_t>(header.commits_size()) == batch.commits.size();
    for (size_t i = 0; same && i < batch.commits.size(); ++i) {
      same = base::AsView(base::Sha256(batch.commits[i]->bytes())) ==
             header.commits(static_cast<int>(i)).sha256();
    }
    if (same) return absl::OkStatus();
    return CorruptBatch(PartitionId{header.partition()}, batch.number,
                        "its commits are not those that it names");
  }

  absl::Status AddTenants() {
    if (!tenants_listed_) {
      tenants_listed_ = true;
      next_tenant_ = tenants_.begin();
    }
    for (size_t i = 0; i < kBackupStepTenants && next_tenant_ != tenants_.end(); ++i) {
      storage::v1::BackupTenant& tenant = next_tenant_->second;
      if (options_.checkpoint && tenant.position() > 0) {
        SignedCheckpoint checkpoint =
            options_.checkpoint(TenantId{tenant.name()}, Position{tenant.position()});
        if (!checkpoint.note.empty()) {  // Else an older one of the base stays.
          tenant.set_checkpoint(std::move(checkpoint.note));
          tenant.set_verifier_key(std::move(checkpoint.verifier_key));
        }
      }
      *manifest_.add_tenants() = tenant;
      ++next_tenant_;
    }
    return absl::OkStatus();
  }

  absl::Status Finish() {
    RETURN_IF_ERROR(writer_->Finish());
    for (size_t i = 0; i < heads_.size(); ++i) {
      storage::v1::BackupPartition* partition = manifest_.add_partitions();
      partition->set_partition(static_cast<uint32_t>(i));
      partition->set_after_number(after_[i]);
      partition->set_number(heads_[i].number.value);
      partition->set_digest(heads_[i].digest);
      partition->set_owner_epoch(heads_[i].owner_epoch);
    }
    for (const storage::v1::BackupPart& part : writer_->parts()) *manifest_.add_parts() = part;
    manifest_.set_ended_at_us(clock_.NowMicros());
    const std::string content = manifest_.SerializeAsString();
    if (content.size() > kFrameBytesMax) {
      return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                         absl::StrCat("expected a manifest of at most ", kFrameBytesMax,
                                      " bytes (kFrameBytesMax), found ", content.size()));
    }
    RETURN_IF_ERROR(WriteFileDurably(ManifestPath(options_.archive, manifest_.number()),
                                     MakeFrame(FrameKind::kManifest, content)));
    progress_.bytes_written = writer_->bytes_written();
    progress_.done = true;
    lock_.reset();  // Whoever hears that it is done may begin the next one.
    return absl::OkStatus();
  }

  EventLog& log_;
  const BackupOptions options_;
  const base::Clock& clock_;
  std::unique_ptr<LockedFile> lock_;
  storage::v1::BackupManifest manifest_;
  storage::v1::BackupPartHead head_;
  std::optional<ArchivedBackup> base_;
  std::optional<PartWriter> writer_;
  bool going_on_ = false;             // The parts of an earlier run are being read.
  std::vector<uint64_t> after_;       // The base's last batches.
  std::vector<PartitionHead> heads_;  // Of what is archived.
  std::vector<uint64_t> targets_;     // The log's last batches when the run began.
  size_t partition_ = 0;              // That is being copied.
  std::unique_ptr<BatchSubscription> subscription_;
  std::map<std::string, storage::v1::BackupTenant> tenants_;
  std::map<std::string, storage::v1::BackupTenant>::iterator next_tenant_ = tenants_.end();
  bool tenants_listed_ = false;
  BackupProgress progress_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BackupRun>> BackupRun::Open(EventLog& log, BackupOptions options) {
  auto run = std::make_unique<BackupRunImpl>(log, std::move(options));
  RETURN_IF_ERROR(run->Open());
  return run;
}

}  // namespace dealog::eventstore
