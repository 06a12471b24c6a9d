#pragma once

// Makes a log folder out of batches that were written elsewhere: what a restore is at its end.
//
//   ASSIGN_OR_RETURN(const auto loader, LogLoader::Open(folder, partition_count));
//   for (…) RETURN_IF_ERROR(loader->Add(header, commits));
//   RETURN_IF_ERROR(loader->Finish(witness_file));

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// Thread safety: none.
// Invariants: rows are those of Apply; a kill leaves whole batches, in order, of each partition.
class LogLoader {
 public:
  virtual ~LogLoader() = default;
  // A new folder, or one that a loader has left: it goes on behind the batches that are there.
  // FAILED_PRECONDITION / NOT_READY: it is in use, or has another number of partitions.
  static absl::StatusOr<std::unique_ptr<LogLoader>> Open(const std::string& path,
                                                         uint32_t partition_count);
  // The last batch that was added.
  virtual PartitionHead Head(PartitionId partition) const = 0;

  // Adds the batch behind Head (checked): it names its digest, and the commits are its own.
  // Durable after Finish only. RESOURCE_EXHAUSTED / DISK_LOW: the disk is full.
  virtual absl::Status Add(const storage::v1::BatchHeader& header,
                           std::span<const CommitPtr> commits) = 0;
  // Makes everything durable, then tells the head witness in that file (witness.h), and closes the
  // folder.
  virtual absl::Status Finish(const std::string& witness_file) = 0;
};

// The number of partitions of the log in that folder; 0 if there is none.
absl::StatusOr<uint32_t> PartitionCountOf(const std::string& path);

}  // namespace dealog::eventstore
