#include "projections/rocksdb/view_keys.h"

#include <cstdint>

#include "eventstore/base/check.h"
#include "eventstore/bytes.h"

namespace dealog::projections {
namespace {

void AppendName(std::string& key, std::string_view name) {
  DEALOG_CHECK(name.size() <= 0xFF) << name.size();
  key += static_cast<char>(name.size());
  key += name;
}

template <typename T>
void AppendLittle(std::string& value, T number) {
  for (size_t i = 0; i < sizeof(T); ++i) value += static_cast<char>(number >> (8 * i));
}

template <typename T>
T TakeLittle(std::string_view& value) {
  T number = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    number |= static_cast<T>(static_cast<uint8_t>(value[i])) << (8 * i);
  }
  value.remove_prefix(sizeof(T));
  return number;
}

}  // namespace

std::string ViewPrefix(char tag, std::string_view view) {
  std::string key(1, tag);
  AppendName(key, view);
  return key;
}

std::string RowPrefix(std::string_view view, const eventstore::TenantId& tenant) {
  std::string key = ViewPrefix(kRowTag, view);
  AppendName(key, tenant.value);
  return key;
}

std::string CheckpointKey(std::string_view view, eventstore::PartitionId partition) {
  std::string key = ViewPrefix(kCheckpointTag, view);
  eventstore::AppendBig(key, partition.value);
  return key;
}

std::optional<ViewWrite::Checkpoint> ParseCheckpointKey(std::string_view key) {
  eventstore::ByteReader reader(key);
  if (reader.Take(1) != std::string_view(&kCheckpointTag, 1)) return std::nullopt;
  ViewWrite::Checkpoint found;
  found.view = std::string(reader.Prefixed<uint8_t>());
  found.partition.value = reader.Big<uint32_t>();
  if (!reader.Done()) return std::nullopt;
  return found;
}

std::string AppliedKey(std::string_view view, const eventstore::TenantId& tenant) {
  std::string key = ViewPrefix(kAppliedTag, view);
  AppendName(key, tenant.value);
  return key;
}

std::string EncodeCheckpoint(const ViewCheckpoint& checkpoint) {
  std::string value;
  AppendLittle(value, static_cast<uint32_t>(checkpoint.version));
  AppendLittle(value, checkpoint.number.value);
  return value + checkpoint.digest;
}

std::optional<ViewCheckpoint> DecodeCheckpoint(std::string_view value) {
  if (value.size() < sizeof(uint32_t) + sizeof(uint64_t)) return std::nullopt;
  ViewCheckpoint checkpoint;
  checkpoint.version = static_cast<int>(TakeLittle<uint32_t>(value));
  checkpoint.number.value = TakeLittle<uint64_t>(value);
  checkpoint.digest = std::string(value);
  return checkpoint;
}

std::string EncodePoint(const SlotPoint& point) {
  std::string value;
  AppendLittle(value, point.position.value);
  for (const auto& [path, count] : point.unknown) {
    AppendName(value, path);
    AppendLittle(value, count);
  }
  return value;
}

std::optional<SlotPoint> DecodePoint(std::string_view value) {
  if (value.size() < sizeof(uint64_t)) return std::nullopt;
  SlotPoint point{.position = eventstore::Position{TakeLittle<uint64_t>(value)}};
  while (!value.empty()) {
    const size_t size = static_cast<uint8_t>(value.front());
    if (value.size() < 1 + size + sizeof(uint64_t)) return std::nullopt;
    const std::string path(value.substr(1, size));
    value.remove_prefix(1 + size);
    point.unknown[path] = TakeLittle<uint64_t>(value);
  }
  return point;
}

}  // namespace dealog::projections
