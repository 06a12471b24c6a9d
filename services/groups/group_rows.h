#pragma once

// Grammar of the groups' rows (docs/formats/groups.md). Integers are big-endian, so that they sort.
// A name is its size in one byte and its bytes; `group` is tenant:name group:name.
//
//   group       "G" group               -> storage.v1.GroupRecord
//   checkpoint  "C" group               -> storage.v1.GroupCheckpoint
//   count       "D" group position:u64  -> storage.v1.DeliveryRecord
//   parked      "P" group position:u64  -> storage.v1.ParkedRecord

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dealog/storage/v1/groups.pb.h"
#include "services/groups/group_machine.h"
#include "services/groups/group_types.h"
#include "services/groups/work_store.h"

namespace dealog::groups {

// What all keys of that tag begin with, and those of one group.
inline constexpr std::string_view kGroupPrefix = "G";
std::string GroupKey(const GroupName& group);
std::string CheckpointKey(const GroupName& group);
std::string CountPrefix(const GroupName& group);
std::string ParkedPrefix(const GroupName& group);
std::string PositionKey(std::string prefix, Position position);

// DATA_LOSS / CORRUPT_RECORD for bytes that are no such key or value.
absl::StatusOr<GroupName> ParseGroupKey(std::string_view key);
absl::StatusOr<Position> ParsePosition(std::string_view key);
template <typename Record>
absl::StatusOr<Record> ParseRecord(std::string_view value);

storage::v1::GroupRecord ToRecord(const GroupSettings& settings, int64_t created_at_us,
                                  uint64_t generation);
GroupSettings ToSettings(const storage::v1::GroupRecord& record);
storage::v1::ParkedRecord ToRecord(const Parked& parked);
Parked ToParked(const storage::v1::ParkedRecord& record);

// Adds what the machine wants kept.
void AddRows(const GroupName& group, uint64_t owner_epoch, const GroupChanges& changes,
             WorkWrite& write);
void AddCheckpoint(const GroupName& group, uint64_t owner_epoch, Position position, bool forked,
                   WorkWrite& write);

}  // namespace dealog::groups
