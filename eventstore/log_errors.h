#pragma once

// What every implementation of the log answers alike: checks of a call's arguments, and errors.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// The partition that a tenant without commits gets: the first 8 bytes of SHA-256(name), big-endian,
// modulo the count.
PartitionId PartitionOfNewTenant(const TenantId& tenant, uint32_t partition_count);

// A page's limit: 0 and everything above kEventsPerPageMax mean kEventsPerPageMax.
size_t PageLimit(size_t asked);

// INVALID_ARGUMENT if there is no such partition.
absl::Status CheckPartition(PartitionId partition, uint32_t partition_count);
// ABORTED / REVISION_CONFLICT unless `expected` is the head; RESOURCE_EXHAUSTED / LIMIT_EXCEEDED if
// the call holds too many commits.
absl::Status CheckAppend(BatchNumber head, BatchNumber expected, size_t commits);
// FAILED_PRECONDITION / POSITION_FORKED if a follower asks to go on from beyond the head.
absl::Status CheckNotBeyond(uint64_t after, uint64_t head, std::string_view what);

absl::Status OutcomeUnknown(std::string_view cause);
absl::Status WritesRefused(std::string_view cause);
// RESOURCE_EXHAUSTED / OVERLOADED: writes are held back before the storage engine has to.
absl::Status Strained(std::string_view what, uint64_t found, uint64_t limit);
absl::Status DiskLow(std::string_view path, uint64_t free_bytes, uint64_t free_bytes_min);
absl::Status NoSuchBatch(PartitionId partition, BatchNumber number);

}  // namespace dealog::eventstore
