#include "eventstore/backup/archive.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/backup/files.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/limits.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"

namespace dealog::eventstore {
namespace {

absl::Status Unusable(const std::string& archive, const std::string& why) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "BACKUP_UNUSABLE",
                     absl::StrCat("the archive ", archive, " can't be used: ", why));
}

absl::Status Damaged(const std::string& path, const std::string& what) {
  return base::Error(
      absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
      absl::StrCat(path, ": ", what, "; take another copy of the archive, or make a full backup"));
}

std::optional<uint64_t> NumberOf(const std::string& name) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(name, &number) || number == 0) return std::nullopt;
  if (name != absl::StrFormat("%06d", number)) return std::nullopt;
  return number;
}

bool IsWhole(const storage::v1::BackupManifest& manifest, uint64_t number) {
  bool whole = manifest.number() == number && manifest.base_number() < number &&
               manifest.archive_id().size() == 16 && manifest.partitions_size() > 0;
  for (int i = 0; i < manifest.partitions_size(); ++i) {
    const storage::v1::BackupPartition& partition = manifest.partitions(i);
    whole &= partition.partition() == static_cast<uint32_t>(i);
    whole &= partition.digest().size() == kDigestBytes;
    whole &= partition.after_number() <= partition.number();
  }
  for (const storage::v1::BackupPart& part : manifest.parts()) {
    whole &= part.partition() < static_cast<uint32_t>(manifest.partitions_size());
  }
  return whole;
}

absl::StatusOr<ArchivedBackup> ReadManifest(const std::string& archive, uint64_t number) {
  const std::string path = ManifestPath(archive, number);
  ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path, kManifestBytesMax));
  const absl::StatusOr<Frame> frame = ParseFrame(bytes);
  if (base::ReasonOf(frame.status()) == "BACKUP_UNUSABLE") return frame.status();
  if (!frame.ok()) return Damaged(path, std::string(frame.status().message()));
  ArchivedBackup backup{.sha256 = std::string(base::AsView(base::Sha256(bytes)))};
  if (frame->kind != FrameKind::kManifest || frame->stored_bytes != bytes.size() ||
      !backup.manifest.ParseFromString(frame->content)) {
    return Damaged(path, "expected one frame with a manifest, found something else");
  }
  if (backup.manifest.format() != kArchiveFormat) {
    return Unusable(archive, absl::StrCat("expected format ", kArchiveFormat, ", found ",
                                          backup.manifest.format(), " in backup ", number,
                                          "; use the version that wrote it"));
  }
  if (!IsWhole(backup.manifest, number)) {
    return Damaged(path, absl::StrCat("it is not the manifest of backup ", number));
  }
  return backup;
}

}  // namespace

std::string BackupFolder(const std::string& archive, uint64_t number) {
  return absl::StrFormat("%s/%06d", archive, number);
}

std::string PartPath(const std::string& archive, uint64_t number, uint32_t part) {
  return absl::StrFormat("%s/%06d.part", BackupFolder(archive, number), part);
}

std::string ManifestPath(const std::string& archive, uint64_t number) {
  return BackupFolder(archive, number) + "/manifest";
}

absl::StatusOr<std::vector<std::string>> ListArchives(const std::string& backup_dir) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, NamesIn(backup_dir));
  std::erase_if(names, [&](const std::string& name) {
    std::error_code error;
    return !std::filesystem::is_directory(absl::StrCat(backup_dir, "/", name), error);
  });
  return names;
}

absl::StatusOr<ArchiveListing> ListArchive(const std::string& archive) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(archive));
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    const std::optional<uint64_t> number = NumberOf(name);
    if (!number && name != "LOCK") {
      return Unusable(archive, absl::StrCat("it holds ", name,
                                            ", which belongs to no backup; give "
                                            "a folder of its own"));
    }
    if (number) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  ArchiveListing listing;
  for (const uint64_t number : numbers) {
    absl::StatusOr<ArchivedBackup> backup = ReadManifest(archive, number);
    if (absl::IsNotFound(backup.status())) {
      if (number != numbers.back()) {
        return Damaged(ManifestPath(archive, number), "the manifest is missing");
      }
      listing.unfinished = number;
      break;
    }
    if (!backup.ok()) return backup.status();
    if (!listing.backups.empty() &&
        backup->manifest.archive_id() != listing.backups.front().manifest.archive_id()) {
      return Unusable(archive,
                      absl::StrCat("backup ", number, " is of another archive than backup ",
                                   listing.backups.front().manifest.number()));
    }
    listing.backups.push_back(*std::move(backup));
  }
  return listing;
}

absl::StatusOr<std::vector<ArchivedBackup>> ReadChain(const std::string& archive, uint64_t number) {
  ASSIGN_OR_RETURN(ArchiveListing listing, ListArchive(archive));
  if (number == 0 && !listing.backups.empty()) number = listing.backups.back().manifest.number();
  std::vector<ArchivedBackup> chain;
  for (auto backup = listing.backups.rbegin(); backup != listing.backups.rend(); ++backup) {
    if (backup->manifest.number() != number) continue;
    if (!chain.empty() && chain.back().manifest.base_sha256() != backup->sha256) {
      return Damaged(ManifestPath(archive, number),
                     absl::StrCat("it is not the one that backup ", chain.back().manifest.number(),
                                  " continues"));
    }
    chain.push_back(std::move(*backup));
    number = chain.back().manifest.base_number();
  }
  if (chain.empty()) {
    return base::Error(absl::StatusCode::kNotFound, "BACKUP_UNUSABLE",
                       number == 0
                           ? absl::StrCat("expected finished backups in ", archive, ", found none")
                           : absl::StrCat("the archive ", archive, " has no backup ", number,
                                          "; see `dealog backup list`"));
  }
  if (number != 0) {
    return Damaged(BackupFolder(archive, number),
                   absl::StrCat("backup ", chain.back().manifest.number(),
                                " continues it, but it is missing"));
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

}  // namespace dealog::eventstore
