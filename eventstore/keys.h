#pragma once

// Keys of the log database, of every family. Integers big-endian, so that keys sort by them; every
// name behind its length, so that no name is another's prefix; the tenant first.
//
//   tenant        = u8 length, name
//   stream        = u8 length, type, u8 length, id
//
//   commits       tenant, u64 last position [, u64 recorded_at µs of a commit without events]
//   batches       u32 partition, u64 number
//   streams       tenant, stream, u64 last revision that the commit gives the stream
//   types         tenant, u8 length, event type, u64 last position of the commit
//   times         tenant, u64 recorded_at µs
//   requests      tenant, u16 length, caller, u8 length, request_id
//   uniques       tenant, u8 length, kind, 32 bytes of keyed hash
//   tenants       tenant
//
// The key of a commit is its LAST position, so that seeking `after + 1` lands on the commit that
// holds it. A commit without events has no position of its own: its key is the head of the time,
// made distinct by the time, and sorts behind the commit that ends there.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/event_log.h"

namespace dealog::eventstore {

enum class Family : uint8_t {
  kCommits,
  kBatches,
  kStreams,
  kTypes,
  kTimes,
  kRequests,
  kUniques,
  kTenants,
};
inline constexpr size_t kFamilyCount = 8;
// The family's name on disk.
std::string_view FamilyName(Family family);

// Prefixes, to which a number is appended.
std::string TenantPrefix(std::string_view tenant);
std::string StreamPrefix(std::string_view tenant, std::string_view type, std::string_view id);
std::string TypePrefix(std::string_view tenant, std::string_view event_type);
std::string PartitionPrefix(PartitionId partition);

// `prefix` and a number: keys of commits with events, batches, streams, types and times.
std::string NumberedKey(std::string_view prefix, uint64_t number);
// The number behind a prefix of `prefix_size` bytes; the key must be that long at least.
uint64_t NumberIn(std::string_view key, size_t prefix_size);

std::string CommitKey(std::string_view tenant, uint64_t last_position,
                      int64_t eventless_recorded_at_us);
std::string CommitKey(const StoredCommit& commit);
std::string RequestKey(std::string_view tenant, std::string_view caller,
                       std::string_view request_id);
std::string UniqueKeyBytes(std::string_view tenant, std::string_view kind, std::string_view hash);

// What a commit's key says; nullopt if it is no such key.
struct CommitKeyParts {
  std::string_view tenant;
  uint64_t last_position = 0;
  int64_t eventless_recorded_at_us = 0;
};
std::optional<CommitKeyParts> ParseCommitKey(std::string_view key);

}  // namespace dealog::eventstore
