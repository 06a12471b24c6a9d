#include "services/groups/group_rows.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"

namespace dealog::groups {
namespace {

void AppendName(std::string_view name, std::string& key) {
  DEALOG_CHECK(name.size() <= 0xFF) << name.size();
  key.push_back(static_cast<char>(name.size()));
  key.append(name);
}

std::string Key(char tag, const GroupName& group) {
  std::string key(1, tag);
  AppendName(group.tenant.value, key);
  AppendName(group.name, key);
  return key;
}

absl::Status Malformed(std::string_view what) {
  return base::Error(
      absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
      absl::StrCat("consumer groups: expected a stored ", base::View(what),
                   ", found bytes that are none; restore the folder work/groups from a copy, or "
                   "move it away and create the groups anew"));
}

// Takes a name off the front; false if there is none.
bool TakeName(std::string_view& key, std::string& name) {
  if (key.empty()) return false;
  const size_t size = static_cast<uint8_t>(key[0]);
  if (key.size() < 1 + size) return false;
  name = std::string(key.substr(1, size));
  key.remove_prefix(1 + size);
  return true;
}

}  // namespace

std::string GroupKey(const GroupName& group) { return Key('G', group); }
std::string CheckpointKey(const GroupName& group) { return Key('C', group); }
std::string CountPrefix(const GroupName& group) { return Key('D', group); }
std::string ParkedPrefix(const GroupName& group) { return Key('P', group); }

std::string PositionKey(std::string prefix, Position position) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    prefix.push_back(static_cast<char>(position.value >> shift));
  }
  return prefix;
}

absl::StatusOr<GroupName> ParseGroupKey(std::string_view key) {
  GroupName group;
  if (!key.starts_with(kGroupPrefix)) return Malformed("group's name");
  key.remove_prefix(kGroupPrefix.size());
  if (!TakeName(key, group.tenant.value) || !TakeName(key, group.name) || !key.empty()) {
    return Malformed("group's name");
  }
  return group;
}

absl::StatusOr<Position> ParsePosition(std::string_view key) {
  if (key.size() < sizeof(uint64_t)) return Malformed("position");
  Position position;
  for (const char c : key.substr(key.size() - sizeof(uint64_t))) {
    position.value = position.value << 8 | static_cast<uint8_t>(c);
  }
  return position;
}

template <typename Record>
absl::StatusOr<Record> ParseRecord(std::string_view value) {
  Record record;
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return Malformed(Record::descriptor()->name());
  }
  return record;
}
template absl::StatusOr<storage::v1::GroupRecord> ParseRecord(std::string_view);
template absl::StatusOr<storage::v1::GroupCheckpoint> ParseRecord(std::string_view);
template absl::StatusOr<storage::v1::DeliveryRecord> ParseRecord(std::string_view);
template absl::StatusOr<storage::v1::ParkedRecord> ParseRecord(std::string_view);

storage::v1::GroupRecord ToRecord(const GroupSettings& settings, int64_t created_at_us,
                                  uint64_t generation) {
  storage::v1::GroupRecord record;
  record.set_created_at_us(created_at_us);
  for (const StreamId& stream : settings.filter.streams) {
    storage::v1::StreamName& name = *record.add_streams();
    name.set_type(stream.type);
    name.set_id(stream.id);
  }
  for (const std::string& type : settings.filter.stream_types) record.add_stream_types(type);
  for (const std::string& type : settings.filter.event_types) record.add_event_types(type);
  record.set_max_deliveries(settings.max_deliveries);
  record.set_ack_timeout_us(settings.ack_timeout_us);
  record.set_max_in_flight(settings.max_in_flight);
  record.set_generation(generation);
  return record;
}

GroupSettings ToSettings(const storage::v1::GroupRecord& record) {
  GroupSettings settings{.max_deliveries = record.max_deliveries(),
                         .ack_timeout_us = record.ack_timeout_us(),
                         .max_in_flight = record.max_in_flight()};
  for (const auto& name : record.streams()) {
    settings.filter.streams.push_back({name.type(), name.id()});
  }
  settings.filter.stream_types = {record.stream_types().begin(), record.stream_types().end()};
  settings.filter.event_types = {record.event_types().begin(), record.event_types().end()};
  return settings;
}

storage::v1::ParkedRecord ToRecord(const Parked& parked) {
  storage::v1::ParkedRecord record;
  record.mutable_stream()->set_type(parked.stream.type);
  record.mutable_stream()->set_id(parked.stream.id);
  record.set_type(parked.type);
  record.set_deliveries(parked.deliveries);
  record.set_reason(parked.reason);
  record.set_parked_at_us(parked.parked_at_us);
  record.set_replaying(parked.replaying);
  return record;
}

Parked ToParked(const storage::v1::ParkedRecord& record) {
  return {.stream = {record.stream().type(), record.stream().id()},
          .type = record.type(),
          .deliveries = record.deliveries(),
          .reason = record.reason(),
          .parked_at_us = record.parked_at_us(),
          .replaying = record.replaying()};
}

void AddCheckpoint(const GroupName& group, uint64_t owner_epoch, Position position, bool forked,
                   WorkWrite& write) {
  storage::v1::GroupCheckpoint checkpoint;
  checkpoint.set_position(position.value);
  checkpoint.set_owner_epoch(owner_epoch);
  checkpoint.set_forked(forked);
  write.rows.push_back({CheckpointKey(group), checkpoint.SerializeAsString()});
}

void AddRows(const GroupName& group, uint64_t owner_epoch, const GroupChanges& changes,
             WorkWrite& write) {
  const std::string count_prefix = CountPrefix(group);
  for (const auto& [position, count] : changes.counts) {
    WorkWrite::Row& row = write.rows.emplace_back();
    row.key = PositionKey(count_prefix, position);
    if (!count) continue;
    storage::v1::DeliveryRecord record;
    record.set_deliveries(count->deliveries);
    record.set_settled(count->settled);
    row.value = record.SerializeAsString();
  }
  const std::string parked_prefix = ParkedPrefix(group);
  for (const auto& [position, parked] : changes.parked) {
    WorkWrite::Row& row = write.rows.emplace_back();
    row.key = PositionKey(parked_prefix, position);
    if (parked) row.value = ToRecord(*parked).SerializeAsString();
  }
  if (changes.checkpoint)
    AddCheckpoint(group, owner_epoch, *changes.checkpoint, /*forked=*/false, write);
}

}  // namespace dealog::groups
