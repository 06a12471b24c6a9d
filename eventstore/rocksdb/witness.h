#pragma once

// The head witness: what the log says it has synced, kept where a disk that forgets the newest
// writes of the log does not take the memory of them along. A log that comes back with less is
// refused instead of quietly continued. Guarantees and windows: docs/reliability.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"
#include "eventstore/event_log.h"
#include "eventstore/rocksdb/limits.h"
#include "eventstore/rocksdb/witness_file.h"

namespace dealog::eventstore {

struct HeadWitnessOptions {
  // Files that say the same, the second one on another device. Empty: no witness is kept.
  std::vector<std::string> files;
  // True: every batch is witnessed before it is published and answered. False: within the interval.
  bool every_batch = false;
  // From a batch that was synced to its witness, µs, besides the time of the write itself.
  int64_t interval_us = kWitnessIntervalMicros;
  // Told, in a sentence, what the operator should know. Empty = nobody.
  std::function<void(std::string_view)> say;
};

// Thread safety: yes. Ownership: owns its files and its thread.
// Invariants: never names a batch that was not synced.
class HeadWitness {
 public:
  using DigestAt = absl::FunctionRef<absl::StatusOr<std::string>(PartitionId, BatchNumber)>;

  // Compares the heads that the log recovered with every file, then writes them to each, and
  // follows from there. `digest_at`: of a batch that the log has. DATA_LOSS / HEAD_LOST: the log
  // lacks batches that were synced, or has others in their place. DATA_LOSS / CORRUPT_RECORD: the
  // witness is damaged. FAILED_PRECONDITION / NOT_READY: it can't be read or written.
  static absl::StatusOr<std::unique_ptr<HeadWitness>> Open(HeadWitnessOptions options,
                                                           PartitionHeads recovered,
                                                           DigestAt digest_at);
  // Witnesses the newest heads before it ends.
  ~HeadWitness();

  // The batch was synced. An error (with every_batch only): it is not witnessed.
  absl::Status Synced(PartitionId partition, const PartitionHead& head);

 private:
  HeadWitness(HeadWitnessOptions options, PartitionHeads heads);
  absl::Status WriteAll(const PartitionHeads& heads);
  void WriteDirty();
  void Run();

  // Constant after Open.
  const HeadWitnessOptions options_;

  base::Mutex mu_;
  base::CondVar changed_;
  PartitionHeads heads_ ABSL_GUARDED_BY(mu_);
  bool dirty_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  base::Mutex files_mu_;  // Taken before mu_.
  std::vector<std::unique_ptr<WitnessFile>> files_ ABSL_GUARDED_BY(files_mu_);
  bool failing_ ABSL_GUARDED_BY(files_mu_) = false;

  base::Worker worker_;  // Last: uses the rest.
};

}  // namespace dealog::eventstore
