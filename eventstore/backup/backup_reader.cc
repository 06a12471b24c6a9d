#include "eventstore/backup/backup_reader.h"

#include "absl/strings/str_cat.h"
#include "eventstore/backup/chain_check.h"
#include "eventstore/backup/files.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/limits.h"
#include "eventstore/backup/part_writer.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

using TakeFunction = absl::FunctionRef<absl::StatusOr<AfterBatch>(const BatchRecord&)>;

class Reader {
 public:
  Reader(const std::string& archive, const std::vector<ArchivedBackup>& chain, TakeFunction take,
         const BackupReadFunction& progress)
      : archive_(archive),
        chain_(chain),
        take_(take),
        tell_(progress),
        heads_(EmptyHeads(static_cast<size_t>(chain.front().manifest.partitions_size()))),
        skipped_(heads_.size(), false) {}

  absl::StatusOr<BackupReadProgress> Read() {
    for (const ArchivedBackup& backup : chain_) {
      for (const auto& part : backup.manifest.parts()) progress_.bytes_total += part.bytes();
    }
    for (const ArchivedBackup& backup : chain_) RETURN_IF_ERROR(ReadOne(backup.manifest));
    return progress_;
  }

 private:
  absl::Status ReadOne(const storage::v1::BackupManifest& manifest) {
    if (static_cast<size_t>(manifest.partitions_size()) != heads_.size()) {
      return Damaged(ManifestPath(archive_, manifest.number()),
                     "it has another number of partitions than the backup before");
    }
    for (int i = 0; i < manifest.parts_size(); ++i) {
      const storage::v1::BackupPart& part = manifest.parts(i);
      const uint64_t end = progress_.bytes_done + part.bytes();
      if (!skipped_[part.partition()]) {
        RETURN_IF_ERROR(ReadPart(manifest, static_cast<uint32_t>(i) + 1, part));
      }
      progress_.bytes_done = end;
      if (tell_) tell_(progress_);
    }
    for (const storage::v1::BackupPartition& partition : manifest.partitions()) {
      const PartitionHead& head = heads_[partition.partition()];
      const bool ends_there =
          head.number.value == partition.number() && head.digest == partition.digest();
      if (!skipped_[partition.partition()] && !ends_there) {
        return Damaged(ManifestPath(archive_, manifest.number()),
                       absl::StrCat("partition ", partition.partition(), ": expected batch ",
                                    partition.number(),
                                    " to be the last one, with the digest that "
                                    "the manifest names, found ",
                                    head.number.value));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadPart(const storage::v1::BackupManifest& manifest, uint32_t number,
                        const storage::v1::BackupPart& part) {
    const std::string path = PartPath(archive_, manifest.number(), number);
    const absl::StatusOr<std::string> bytes = ReadWholeFile(path, kPartBytesMax);
    if (absl::IsNotFound(bytes.status())) return DamagedPart(path, part, "the file is missing");
    if (!bytes.ok()) return bytes.status();
    const uint64_t begin = progress_.bytes_done;
    size_t good = 0;
    absl::Status status = CheckHead(path, *bytes, manifest, number, part, good);
    absl::Status taken;  // Not about the part: returned as it is.
    if (status.ok()) {
      status = ReadPartFrames(*bytes, PartitionId{part.partition()}, good,
                              [&](const BatchRecord& batch) {
                                progress_.bytes_done = begin + good;
                                if (tell_) tell_(progress_);
                                return Take(batch, taken);
                              });
    }
    if (!taken.ok()) return taken;
    if (skipped_[part.partition()]) return absl::OkStatus();
    if (base::ReasonOf(status) == "BACKUP_UNUSABLE") return status;
    if (!status.ok()) {
      return DamagedPart(path, part, absl::StrCat("at byte ", good, ": ", status.message()));
    }
    // Asked last: the frames' own checks say where the damage is, and what is whole before it.
    if (bytes->size() != part.bytes()) {
      return DamagedPart(path, part,
                         absl::StrCat("expected ", part.bytes(), " bytes, found ", bytes->size()));
    }
    if (base::AsView(base::Sha256(*bytes)) != part.sha256()) {
      return DamagedPart(path, part, "its SHA-256 is not the one that the manifest names");
    }
    return absl::OkStatus();
  }

  absl::Status CheckHead(const std::string& path, std::string_view bytes,
                         const storage::v1::BackupManifest& manifest, uint32_t number,
                         const storage::v1::BackupPart& part, size_t& good) const {
    ASSIGN_OR_RETURN(const auto head, ParsePartHead(path, bytes, good));
    if (head.archive_id() != manifest.archive_id() || head.backup_number() != manifest.number() ||
        head.part_number() != number || head.partition() != part.partition()) {
      return absl::DataLossError("it belongs to another archive, backup or place");
    }
    return absl::OkStatus();
  }

  absl::Status Take(const BatchRecord& batch, absl::Status& taken) {
    RETURN_IF_ERROR(FollowBatch(batch.header, heads_[batch.header.partition()]));
    const absl::StatusOr<AfterBatch> after = take_(batch);
    if (!after.ok()) return taken = after.status();
    ++progress_.batches;
    progress_.commits += batch.commits.size();
    for (const CommitPtr& commit : batch.commits) progress_.events += commit->event_count();
    if (*after == AfterBatch::kGoOn) return absl::OkStatus();
    skipped_[batch.header.partition()] = true;
    return absl::CancelledError();  // Ends the part.
  }

  static absl::Status Damaged(const std::string& path, const std::string& what) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat(path, ": ", what, "; take another copy of the archive"));
  }
  absl::Status DamagedPart(const std::string& path, const storage::v1::BackupPart& part,
                           const std::string& what) const {
    const uint64_t whole = heads_[part.partition()].number.value;
    const std::string hint = whole == 0 ? ""
                                        : absl::StrCat("; `restore --to-batch ", part.partition(),
                                                       ":", whole, "` leaves the rest out");
    return Damaged(
        path, absl::StrCat(what, "; partition ", part.partition(), " is whole up to batch ", whole,
                           ", the file ends with ", part.last_number(), hint));
  }

  const std::string& archive_;
  const std::vector<ArchivedBackup>& chain_;
  TakeFunction take_;
  const BackupReadFunction& tell_;
  std::vector<PartitionHead> heads_;
  std::vector<bool> skipped_;
  BackupReadProgress progress_;
};

}  // namespace

absl::StatusOr<BackupReadProgress> ReadBackup(const std::string& archive,
                                              const std::vector<ArchivedBackup>& chain,
                                              TakeFunction take,
                                              const BackupReadFunction& progress) {
  return Reader(archive, chain, take, progress).Read();
}

}  // namespace dealog::eventstore
