#include "eventstore/rocksdb/witness_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/bytes.h"

namespace dealog::eventstore {
namespace {

constexpr std::string_view kMagic = "DLWT";
// What a disk writes whole or not at all is at most this; a slot shares no such unit with another.
constexpr size_t kSlotUnitBytes = 4096;

struct Slot {
  uint64_t serial = 0;
  PartitionHeads heads;
};

std::string EncodeSlot(uint64_t serial, const PartitionHeads& heads) {
  std::string slot(kMagic);
  AppendBig(slot, kWitnessFormat);
  AppendBig(slot, serial);
  AppendBig(slot, static_cast<uint32_t>(heads.size()));
  for (uint32_t i = 0; i < heads.size(); ++i) {
    AppendBig(slot, i);
    AppendBig(slot, heads[i].owner_epoch);
    AppendBig(slot, heads[i].number.value);
    DEALOG_CHECK(heads[i].digest.size() == kDigestBytes) << heads[i].digest.size();
    slot += heads[i].digest;
  }
  AppendBig(slot, base::Crc32c(slot));
  slot.resize((slot.size() + kSlotUnitBytes - 1) / kSlotUnitBytes * kSlotUnitBytes);
  return slot;
}

// Nothing if the slot is not whole; `format` is set if it is, but of another format.
std::optional<Slot> DecodeSlot(std::string_view bytes, std::optional<uint32_t>& format) {
  ByteReader reader(bytes);
  if (reader.Take(kMagic.size()) != kMagic) return std::nullopt;
  const uint32_t found_format = reader.Big<uint32_t>();
  Slot slot{.serial = reader.Big<uint64_t>()};
  const uint32_t count = reader.Big<uint32_t>();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const uint32_t partition = reader.Big<uint32_t>();
    if (partition != i) return std::nullopt;
    PartitionHead head{.owner_epoch = reader.Big<uint64_t>()};
    head.number.value = reader.Big<uint64_t>();
    head.digest = std::string(reader.Take(kDigestBytes));
    slot.heads.push_back(std::move(head));
  }
  const size_t size = bytes.size() - reader.rest().size();
  const uint32_t crc = reader.Big<uint32_t>();
  if (!reader.ok() || crc != base::Crc32c(bytes.substr(0, size))) return std::nullopt;
  if (found_format != kWitnessFormat) {
    format = found_format;
    return std::nullopt;
  }
  return slot;
}

absl::Status Failed(std::string_view what, const std::string& path) {
  const std::error_code error(errno, std::generic_category());
  return base::Error(absl::StatusCode::kFailedPrecondition, "NOT_READY",
                     absl::StrCat("the head witness: can't ", std::string(what), " ", path, ": ",
                                  error.message()));
}

bool WriteAt(int descriptor, std::string_view bytes, size_t offset) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<size_t>(written);
  }
  return true;
}

bool SyncFolder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  const bool synced = fsync(folder) == 0;
  close(folder);
  return synced;
}

}  // namespace

WitnessFile::~WitnessFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::StatusOr<std::unique_ptr<WitnessFile>> WitnessFile::Open(const std::string& path) {
  std::unique_ptr<WitnessFile> file(new WitnessFile(path));
  file->descriptor_ = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file->descriptor_ >= 0) {
    RETURN_IF_ERROR(file->Read());
  } else if (errno != ENOENT) {
    return Failed("open", path);
  }
  return file;
}

absl::Status WitnessFile::Read() {
  std::string bytes;
  std::array<char, kSlotUnitBytes> chunk;
  ssize_t size = 0;
  while ((size = pread(descriptor_, chunk.data(), chunk.size(), static_cast<off_t>(bytes.size()))) >
         0) {
    bytes.append(chunk.data(), static_cast<size_t>(size));
  }
  if (size < 0) return Failed("read", path_);
  slot_bytes_ = bytes.size() / 2;
  std::optional<uint32_t> format;
  for (const bool second : {false, true}) {
    const std::string_view half = std::string_view(bytes).substr(second ? slot_bytes_ : 0);
    std::optional<Slot> slot = DecodeSlot(half.substr(0, slot_bytes_), format);
    if (!slot || (found_ && slot->serial < serial_)) continue;
    serial_ = slot->serial;
    second_is_newest_ = second;
    found_ = std::move(slot->heads);
  }
  if (found_) return absl::OkStatus();
  if (format) {
    return base::Error(
        absl::StatusCode::kFailedPrecondition, "NOT_READY",
        absl::StrCat("the head witness ", path_, " is of format ", *format, ", expected ",
                     kWitnessFormat, "; use the version that wrote it"));
  }
  return base::Error(
      absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
      absl::StrCat("the head witness ", path_,
                   " is damaged: neither of its two slots is whole, so "
                   "it can't be told whether the log has lost its newest batches; check the log "
                   "with `dealog log verify`, then move the file away and start again"));
}

absl::Status WitnessFile::Write(const PartitionHeads& heads) {
  const std::string slot = EncodeSlot(serial_ + 1, heads);
  if (descriptor_ < 0 || slot.size() != slot_bytes_) {
    RETURN_IF_ERROR(Create(slot));
    second_is_newest_ = false;
  } else {
    const bool second = !second_is_newest_;
    // Overwrites what is there: the size stays, so that the content is all that must be synced.
    if (!WriteAt(descriptor_, slot, second ? slot_bytes_ : 0)) return Failed("write", path_);
    if (fdatasync(descriptor_) != 0) return Failed("sync", path_);
    second_is_newest_ = second;
  }
  ++serial_;
  return absl::OkStatus();
}

// Under another name first, so that a kill leaves no half of a file.
absl::Status WitnessFile::Create(const std::string& slot) {
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string fresh = path_ + ".new";
  const int descriptor = open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return Failed("make", fresh);
  const bool written = WriteAt(descriptor, slot + std::string(slot.size(), '\0'), 0) &&
                       fsync(descriptor) == 0 && rename(fresh.c_str(), path_.c_str()) == 0 &&
                       SyncFolder(folder);
  if (!written) {
    const absl::Status failed = Failed("write", fresh);
    close(descriptor);
    return failed;
  }
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = descriptor;
  slot_bytes_ = slot.size();
  return absl::OkStatus();
}

}  // namespace dealog::eventstore
