#pragma once

// Where a restore ends, and whether the backup has that place. Internal to this folder.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/storage/v1/backup.pb.h"
#include "eventstore/backup/records.h"
#include "eventstore/backup/restore.h"

namespace dealog::eventstore {

// Thread safety: none.
class RestoreCut {
 public:
  // INVALID_ARGUMENT / FIELD_INVALID unless the backup has what is asked for.
  static absl::StatusOr<RestoreCut> Make(const RestoreOptions& options,
                                         const storage::v1::BackupManifest& manifest);

  // Whether the partition ends before this batch.
  bool EndsBefore(const storage::v1::BatchHeader& header) const;
  // Whether it is known to end with this one: what lies behind it need not be readable.
  bool EndsWith(const storage::v1::BatchHeader& header) const {
    return !last_.empty() && header.number() == last_[header.partition()];
  }
  // Whether nothing is left out of what it lets pass.
  bool whole() const { return last_.empty() && to_time_us_ == 0; }
  storage::v1::RestorePlan plan() const;

 private:
  RestoreCut() = default;
  storage::v1::RestorePlan plan_;
  std::vector<uint64_t> last_;  // By partition; empty: no batch was named.
  int64_t to_time_us_ = 0;
};

}  // namespace dealog::eventstore
