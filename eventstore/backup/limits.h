#pragma once

// Limits of backups and exports, by name.

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "eventstore/limits.h"

namespace dealog::eventstore {

// One frame's content before compression, and as stored. A frame is filled up to the target; one
// batch, however large, fits.
inline constexpr size_t kFrameBytesTarget = 1 << 20;
inline constexpr size_t kFrameBytesMax = kBatchBytesMax + (8 << 20);
inline constexpr size_t kFrameStoredBytesMax = kFrameBytesMax + (1 << 20);
// zstd: 3 packs commits to about a fifth and costs a third of what level 6 does.
inline constexpr int kCompressionLevel = 3;

// A part is closed beyond this: small enough to be checked in memory and to be copied one by one.
inline constexpr size_t kPartBytesTarget = 64 << 20;
inline constexpr size_t kPartBytesMax = kPartBytesTarget + kFrameStoredBytesMax + (1 << 20);
inline constexpr size_t kManifestBytesMax = kFrameStoredBytesMax + 1024;

// What one step of a backup reads at most, so that whoever runs it is soon free again.
inline constexpr size_t kBackupStepBytes = 4 << 20;
// A backup ends with DISK_LOW below this many free bytes: above the log's own kFreeBytesMin, so
// that backups beside the log never stop its writes.
inline constexpr uint64_t kBackupFreeBytesMin = uint64_t{512} << 20;
// Tenants whose checkpoints one step asks for.
inline constexpr size_t kBackupStepTenants = 16;

// When whoever found a backup running should ask again.
inline constexpr absl::Duration kBackupRetry = absl::Seconds(5);

// Partitions of a log that an import makes; as the server's --partitions.
inline constexpr uint32_t kImportPartitionsMax = 64;

// Name of an archive.
inline constexpr size_t kArchiveNameBytesMax = 63;

}  // namespace dealog::eventstore
