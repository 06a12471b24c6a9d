// The reactor's progress in files: <folder>/reactor-<partition>, one line "<batch number> <digest
// in hex>". Written beside and renamed; not synced, as an old one costs reading only.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "services/workflow/reactor.h"

namespace dealog::workflow {
namespace {

constexpr size_t kDigestBytes = 32;

class FileCheckpoint final : public ReactorCheckpoint {
 public:
  explicit FileCheckpoint(std::string folder) : folder_(std::move(folder)) {}

  absl::StatusOr<std::optional<eventstore::FollowPoint>> Load(
      eventstore::PartitionId partition) override {
    std::ifstream file(PathOf(partition));
    uint64_t number = 0;
    std::string hex;
    // One that can't be read is as none: reading starts from the beginning.
    if (!(file >> number >> hex) || hex.size() != 2 * kDigestBytes) return std::nullopt;
    return eventstore::FollowPoint{eventstore::BatchNumber{number}, absl::HexStringToBytes(hex)};
  }

  absl::Status Save(eventstore::PartitionId partition,
                    const eventstore::FollowPoint& progress) override {
    const std::filesystem::path path = PathOf(partition);
    const std::filesystem::path beside = path.string() + ".new";
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    {
      std::ofstream file(beside, std::ios::trunc);
      file << progress.number.value << ' ' << absl::BytesToHexString(progress.digest) << '\n';
      if (!file.flush()) return CannotSave(beside);
    }
    std::filesystem::rename(beside, path, error);
    return error ? CannotSave(path) : absl::OkStatus();
  }

 private:
  std::filesystem::path PathOf(eventstore::PartitionId partition) const {
    return std::filesystem::path(folder_) / absl::StrCat("reactor-", partition.value);
  }
  static absl::Status CannotSave(const std::filesystem::path& path) {
    return base::Error(absl::StatusCode::kInternal, "INTERNAL",
                       absl::StrCat("the reactor's progress can't be written to ", path.string(),
                                    "; it will read more of the log after the next start"));
  }

  const std::string folder_;
};

}  // namespace

std::unique_ptr<ReactorCheckpoint> MakeFileCheckpoint(std::string folder) {
  return std::make_unique<FileCheckpoint>(std::move(folder));
}

}  // namespace dealog::workflow
