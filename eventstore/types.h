#pragma once

// Strong types of the log. Terms (never version, offset, index, sequence):
//   revision      place of an event in its stream, from 1, dense
//   position      place of an event in its tenant's log, from 1, dense
//   batch number  place of a batch in its partition, from 1, dense
//   head          the newest of either

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace dealog::eventstore {

struct Revision {
  uint64_t value = 0;  // 0: before the first event.
  auto operator<=>(const Revision&) const = default;
};

struct Position {
  uint64_t value = 0;  // 0: before the first event.
  auto operator<=>(const Position&) const = default;
};

struct BatchNumber {
  uint64_t value = 0;  // 0: before the first batch.
  auto operator<=>(const BatchNumber&) const = default;
};

// Number of a partition, from 0. Tenants are assigned to partitions when they are created.
struct PartitionId {
  uint32_t value = 0;
  auto operator<=>(const PartitionId&) const = default;
};

// A tenant's name, 1 to kTenantNameBytesMax bytes.
struct TenantId {
  std::string value;
  auto operator<=>(const TenantId&) const = default;
};

// A stream of one tenant: "deal/deal_01…". The tenant always travels beside it.
struct StreamId {
  std::string type;  // 1 to kStreamTypeBytesMax bytes of [a-z0-9_].
  std::string id;    // 1 to kStreamIdBytesMax bytes.
  auto operator<=>(const StreamId&) const = default;
  std::string ToString() const { return type + "/" + id; }
};

template <typename H>
H AbslHashValue(H h, const StreamId& stream) {
  return H::combine(std::move(h), stream.type, stream.id);
}
template <typename H>
H AbslHashValue(H h, const TenantId& tenant) {
  return H::combine(std::move(h), tenant.value);
}

}  // namespace dealog::eventstore
