#pragma once

// The file that remembers, outside of the log's database, which batches were synced.
//
//   file = slot slot           each at a multiple of the slot's size, zeros behind its content
//   slot = "DLWT", u32 format, u64 serial, u32 count, count × head, u32 CRC32C of all before it
//   head = u32 partition, u64 owner epoch, u64 batch number, digest (32 bytes)
//
// The slots are written in turn, so that one always survives a write that was cut off; the valid
// slot of the higher serial counts. Internal to this folder and to tests.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

inline constexpr uint32_t kWitnessFormat = 1;

// By partition.
using PartitionHeads = std::vector<PartitionHead>;

// Thread safety: none.
class WitnessFile {
 public:
  // FAILED_PRECONDITION: it can't be read, or is of another format. DATA_LOSS: neither slot is
  // whole.
  static absl::StatusOr<std::unique_ptr<WitnessFile>> Open(const std::string& path);
  ~WitnessFile();
  WitnessFile(const WitnessFile&) = delete;
  WitnessFile& operator=(const WitnessFile&) = delete;

  const std::string& path() const { return path_; }
  // What the file said when it was opened; nullopt if there was none.
  const std::optional<PartitionHeads>& found() const { return found_; }
  // Overwrites the older slot and syncs it. The first write makes the file, its folder before it.
  absl::Status Write(const PartitionHeads& heads);

 private:
  explicit WitnessFile(std::string path) : path_(std::move(path)) {}
  absl::Status Read();
  absl::Status Create(const std::string& slot);

  const std::string path_;
  int descriptor_ = -1;
  uint64_t serial_ = 0;  // Of the newest slot.
  bool second_is_newest_ = false;
  size_t slot_bytes_ = 0;
  std::optional<PartitionHeads> found_;
};

}  // namespace dealog::eventstore
