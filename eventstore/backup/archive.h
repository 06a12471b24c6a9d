#pragma once

// An archive: a folder of backups of one log. The newest may be unfinished.
//
//   ARCHIVE/LOCK                 held while a backup is written
//   ARCHIVE/000001/000001.part   frames of batches (frame.h), in order of partition and number
//   ARCHIVE/000001/manifest      one frame, written last
//
// A backup continues its base or is a full one; those from the full one on make its chain. Whole
// folders of old chains may be deleted by whoever owns the archive.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dealog/storage/v1/backup.pb.h"

namespace dealog::eventstore {

inline constexpr uint32_t kArchiveFormat = 1;

struct ArchivedBackup {
  storage::v1::BackupManifest manifest;
  std::string sha256;  // Of the manifest's file, 32 bytes.
};

struct ArchiveListing {
  std::vector<ArchivedBackup> backups;  // Finished ones, by number.
  std::optional<uint64_t> unfinished;   // Of a higher number than those.
};

std::string BackupFolder(const std::string& archive, uint64_t number);
std::string PartPath(const std::string& archive, uint64_t number, uint32_t part);
std::string ManifestPath(const std::string& archive, uint64_t number);

// Errors of all below: FAILED_PRECONDITION / BACKUP_UNUSABLE for a folder that holds anything else,
// or a newer format; DATA_LOSS / CORRUPT_RECORD for a damaged or missing manifest.

// Names of the folders below the folder of all archives, sorted; none if it is missing.
absl::StatusOr<std::vector<std::string>> ListArchives(const std::string& backup_dir);

// What there is; nothing in a folder that is empty or missing.
absl::StatusOr<ArchiveListing> ListArchive(const std::string& archive);

// The chain of a backup, the full one first. 0 = the newest finished one. NOT_FOUND /
// BACKUP_UNUSABLE if there is no such backup; DATA_LOSS if a base is missing or was replaced.
absl::StatusOr<std::vector<ArchivedBackup>> ReadChain(const std::string& archive, uint64_t number);

}  // namespace dealog::eventstore
