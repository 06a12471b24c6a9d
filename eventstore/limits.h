#pragma once

// Every limit of the event log, by name. Past one: RESOURCE_EXHAUSTED or INVALID_ARGUMENT that
// names it.

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace dealog::eventstore {

inline constexpr size_t kTenantNameBytesMax = 63;
inline constexpr size_t kStreamTypeBytesMax = 32;
inline constexpr size_t kStreamIdBytesMax = 128;
inline constexpr size_t kEventTypeBytesMax = 64;
inline constexpr size_t kRequestIdBytesMax = 64;
inline constexpr size_t kUniqueKindBytesMax = 32;
// Principals, callers, correlation ids, trace contexts, override reasons, data subjects.
inline constexpr size_t kOriginTextBytesMax = 1024;
inline constexpr size_t kCallerBytesMax = 512;
inline constexpr size_t kMethodBytesMax = 256;
// Data subjects, and sealed parts, of one event; conditions and unique keys of one commit.
inline constexpr size_t kDataSubjectsPerEventMax = 64;
inline constexpr size_t kSealedPartsPerEventMax = 64;
inline constexpr size_t kConditionsPerCommitMax = 8192;
inline constexpr size_t kUniqueKeysPerCommitMax = 8192;

// One event's payload and sealed parts together.
inline constexpr size_t kEventBytesMax = 1 << 20;
// Events of one commit.
inline constexpr size_t kEventsPerCommitMax = 4096;
// Bytes of one commit.
inline constexpr size_t kCommitBytesMax = 8 << 20;
// What one sync may make durable.
inline constexpr size_t kCommitsPerBatchMax = 1024;
inline constexpr size_t kBatchBytesMax = 16 << 20;

// One page of a read.
inline constexpr size_t kEventsPerPageMax = 10'000;
inline constexpr size_t kPageBytesMax = 4 << 20;

// Encoded commits kept in memory for live delivery.
inline constexpr size_t kRingBytesMax = 64 << 20;

// When a client should try again whose write was refused: for a full disk, for a strained engine.
inline constexpr absl::Duration kDiskLowRetry = absl::Seconds(5);
inline constexpr absl::Duration kStrainedRetry = absl::Milliseconds(500);

// How long a request_id is remembered, unless the options say longer.
inline constexpr int64_t kRequestRetentionMicrosMin = int64_t{7} * 24 * 3600 * 1'000'000;

}  // namespace dealog::eventstore
