#pragma once

// Frames: what backups and exports consist of. Each is checked on its own, so that damage is found
// where it is, and a file that was cut off is good up to its last whole frame.
//
//   frame   = "DLGF", u8 kind, u32 stored size, u32 size, u32 CRC32C of all before it
//             stored bytes, u32 CRC32C of them
//   stored  = one zstd frame, which unpacks to exactly `size` bytes: the content
//   u32     = big-endian
//
// Sizes are checked before anything is allocated: at most kFrameStoredBytesMax and kFrameBytesMax.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dealog::eventstore {

enum class FrameKind : uint8_t {
  kManifest = 1,    // storage.v1.BackupManifest
  kPartHead = 2,    // storage.v1.BackupPartHead
  kBatches = 3,     // Batches with their commits: records.h
  kExportHead = 4,  // storage.v1.ExportHead
  kCommits = 5,     // Commits of one tenant: records.h
  kExportEnd = 6,   // storage.v1.ExportEnd
  kPlan = 7,        // storage.v1.RestorePlan
};

inline constexpr size_t kFrameHeaderBytes = 17;

struct Frame {
  FrameKind kind = FrameKind::kManifest;
  std::string content;
  size_t stored_bytes = 0;  // With header and checksum: where the next frame begins.
};

// `content`: at most kFrameBytesMax (checked).
std::string MakeFrame(FrameKind kind, std::string_view content);

// The bytes of the whole frame that begins with this header of kFrameHeaderBytes (checked); errors
// as below.
absl::StatusOr<size_t> FrameBytes(std::string_view header);

// The frame at the front of any bytes whatsoever. OUT_OF_RANGE: they end before the frame does.
// DATA_LOSS / CORRUPT_RECORD: they are none, or damaged. FAILED_PRECONDITION / BACKUP_UNUSABLE: of
// a kind that this version does not know.
absl::StatusOr<Frame> ParseFrame(std::string_view bytes);

}  // namespace dealog::eventstore
