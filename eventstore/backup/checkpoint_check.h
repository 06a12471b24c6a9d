#pragma once

// Whether archived commits are those that checkpoints were signed for. Internal to this folder and
// to tests.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/backup/archive.h"
#include "eventstore/backup/records.h"
#include "eventstore/merkle/checkpoint.h"
#include "eventstore/merkle/history_check.h"
#include "eventstore/merkle/note.h"

namespace dealog::eventstore {

// Recomputes every tenant's tree and compares it with every checkpoint of the chain; checks that
// each tenant's positions are dense. Thread safety: none.
class CheckpointCheck {
 public:
  // `trusted`: a key that was kept elsewhere. Its public half, under each tenant's own name, must
  // have signed every checkpoint of the newest manifest; in older ones, whose events those cover,
  // another key may have. Without it the keys are those in the manifests: that shows damage, not
  // forgery. DATA_LOSS / CORRUPT_RECORD: a note is not signed by its key. INVALID_ARGUMENT: no
  // checkpoint of the newest manifest could be compared with `trusted`.
  static absl::StatusOr<CheckpointCheck> Make(const std::vector<ArchivedBackup>& chain,
                                              const std::optional<VerifierKey>& trusted);

  absl::Status Add(const BatchRecord& batch);
  // After the last batch: no checkpoint has more, and every tenant ends as the manifest says.
  absl::Status Finish() const;

  // Checkpoints that were met and matched.
  uint64_t matched() const { return matched_; }
  // Events beyond the newest checkpoint of their tenant: only the chain of batches vouches for
  // them.
  uint64_t events_unsigned() const { return events_unsigned_; }

 private:
  struct Tenant {
    HistoryCheck check;
    uint64_t position = 0;        // At the end, by the manifest.
    std::vector<uint64_t> sizes;  // Of checkpoints not met yet, falling.
  };
  CheckpointCheck() = default;

  std::map<std::string, Tenant, std::less<>> tenants_;
  std::map<std::pair<uint32_t, uint64_t>, std::vector<std::string>> batches_;  // Digests named.
  uint64_t matched_ = 0;
  uint64_t events_unsigned_ = 0;
};

}  // namespace dealog::eventstore
